"""The adapters: DynamoDB, Lambda, Step Functions, SQS. The only room that talks to AWS; `wiring` puts it together."""
