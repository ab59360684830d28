"""The embedded AWS: ministack as a child process on loopback, with a few behaviours brought closer to AWS.

Each adaptation is one module with `apply`, small enough to read beside the part of ministack it changes, and has a test
in `tests/local/emulator` that fails without it:

| module | what becomes true |
|---|---|
| `answers` | an exception keeps its class and process; a process dies alone; log lines are JSON and need no waiting |
| `capacity` | a burst waits for a free process instead of starting one process for each call |
| `code` | code and layers are unpacked once, not for every process |
| `invocations` | asynchronous invocations are queued, keep their request id over retries, survive a restart |
| `notifications` | what EventBridge sends to a function is such an asynchronous invocation |
| `queues` | queue mappings wait until functions can reach the emulator |
| `streams` | stream mappings run beside each other and honour partial failures, bisecting, retry limits |
| `memory` | records not yet delivered survive a restart; executions that a stop cut off say so |
| `journal` | what functions print is in one file as well |
| `meter` | what a price is made of can be counted |
| `permissions` | where IAM is enforced, loopback counts as a secure transport |
| `warmth` | processes can be started ahead of the first call |
| `paths` | `/hooks/...`, `/api/...`, `/ui` and `/` reach the HTTP API of the stack |

Beside them, `whenflow.local.sockets` adds the WebSockets of Prefect's client, which AWS has no place for.

Nothing of ministack's source is copied here except the few quoted lines that `answers` replaces; those are
Copyright (c) 2026 MiniStack Contributors, under the MIT License.
"""
