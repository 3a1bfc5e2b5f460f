"""When what runs: schedule, lease, runner, supervision; and the daemon put together."""
