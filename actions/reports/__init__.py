"""What leads look at: volumes, times, backlog, and the monthly report of complaints."""
