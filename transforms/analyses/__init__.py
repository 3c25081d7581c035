"""What is found out about a program without changing it: liveness, activity, memory that names share."""
