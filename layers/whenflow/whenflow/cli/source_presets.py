"""What a source begins with, by kind. The templates are made to be changed."""

from typing import Any

PRESETS: dict[str, dict[str, Any]] = {
    "s3": {
        "description": "Objects that are put into buckets",
        "pattern": {"source": ["aws.s3"], "detail-type": ["Object Created"]},
        "template": {
            "event": "file.arrived",
            "resource": {"prefect.resource.id": "s3://{{ bucket }}/{{ key }}", "prefect.resource.name": "{{ key }}"},
            "related": [
                {
                    "prefect.resource.id": "s3://{{ bucket }}",
                    "prefect.resource.role": "bucket",
                    "prefect.resource.name": "{{ bucket }}",
                }
            ],
            "payload": {
                "bucket": "{{ bucket }}",
                "key": "{{ key }}",
                "size": "{{ size }}",
                "etag": "{{ etag }}",
                "version_id": "{{ version_id }}",
            },
        },
    },
    "rule": {
        "description": "Events of an EventBridge rule",
        "pattern": {"source": [{"anything-but": {"prefix": "aws."}}]},
        "template": {
            "event": "{{ source }}.{{ detail_type | lower | replace(' ', '-') }}",
            "resource": {"prefect.resource.id": "{{ resources[0] | default(source) }}"},
            "payload": "{{ detail }}",
        },
    },
    "kafka": {
        "description": "Records of a Kafka topic",
        "pattern": {"source": ["kafka"], "detail": {"topic": [{"exists": True}]}},
        "template": {
            "event": "kafka.{{ topic }}.received",
            "resource": {"prefect.resource.id": "kafka://{{ topic }}/{{ key | default(partition, true) }}"},
            "payload": {"key": "{{ key }}", "value": "{{ value }}", "headers": "{{ headers }}"},
        },
    },
}
