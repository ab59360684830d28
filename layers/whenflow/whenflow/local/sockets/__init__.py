"""`/api/events/in`, `/api/events/out` and `/api/logs/out` as WebSockets, for Prefect's own client and a local stack.

Local only: API Gateway's WebSocket APIs have no paths, and frames of 32 KB against events of 1.5 MB; on AWS the same is
done by `POST /events` and `POST /events/tail`. These sockets are no second implementation: each message becomes such a
call of the stack's own API, with the caller's own key.
"""

from whenflow.local.sockets.gateway import Sockets

__all__ = ["Sockets"]
