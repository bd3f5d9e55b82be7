"""All that is no program: what finds, runs, records, watches and measures them.

- ``catalogue``: which programs there are, and what each of them needs
- ``runs``: run a program as a reader would, and compare what it prints
- ``evidence``: what was recorded and what passed, where and when
- ``timeline``: what the threads, processes and tasks of a program did in a run
- ``bench``: what threads, processes and tasks cost, measured
- ``usage``: the CPU time of a script and of all its processes
- ``record``, ``new``, ``classify``: what the command line does besides
"""
