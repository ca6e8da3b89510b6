"""The worker: an agent that speaks to the server, a launcher that starts and guards processes, and
a process for each job.

    agent ── claims, heartbeats, outcomes ──> server
      │ control socket: start, end, kill; ended, paused
    launcher: forked before any thread exists; forks a process a job
      │
    process of a job ── its own socket: reports, acknowledgements ──> agent
"""
