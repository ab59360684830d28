"""The logger of the functions. Loggers named `whenflow.…` write through it, as one JSON line each."""

from aws_lambda_powertools import Logger

logger = Logger(service="whenflow", log_uncaught_exceptions=True)
