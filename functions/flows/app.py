"""The README's example flows, as a Lambda function."""

from whenflow import emit_event, flow, serve_lambda, task


@task
def send_welcome_email(name: str) -> None:
    """Greet a new user."""
    print(f"Sending onboarding campaign to {name}!")


@task
def check_for_bounce(email_id: int = 12345) -> None:
    """Look whether the e-mail arrived."""
    print(f"checking for bounce on email {email_id}")


@task
def update_marketing_tracker(email_id: int = 12345) -> None:
    """Tell marketing."""
    print(f"updating marketing tracker for email {email_id}")


@flow(log_prints=True)
def new_user_flow(name: str) -> None:
    """Welcome a new user."""
    send_welcome_email(name)
    check_for_bounce()
    update_marketing_tracker()


@task
def load_file_to_warehouse(file_name: str) -> str:
    """Load a file into the warehouse."""
    return f"Loaded {file_name} into warehouse"


@task
def cleanup(file_name: str) -> str:
    """Remove a file that is loaded."""
    return f"Cleaned up {file_name}"


@task
def announce_file_processed(file_name: str) -> None:
    """Tell that a file is done with."""
    emit_event(event="custom.file_processed", resource={"prefect.resource.id": f"file.{file_name}"})


@flow(log_prints=True)
def process_new_file(file_name: str) -> None:
    """Process a file that was uploaded."""
    print(load_file_to_warehouse(file_name))
    print(cleanup(file_name))
    announce_file_processed(file_name)


handler = serve_lambda(
    new_user_flow,
    process_new_file,
    load_file_to_warehouse,
    cleanup,
    announce_file_processed,
    tasks=[send_welcome_email, check_for_bounce, update_marketing_tracker],
)
