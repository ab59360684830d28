"""Launch targets by the name of their work pool, and the job variable that says where the code is."""

LAMBDA = "lambda"
STEP_FUNCTIONS = "step-functions"
WORK_POOLS = {LAMBDA: "function_arn", STEP_FUNCTIONS: "state_machine_arn"}
