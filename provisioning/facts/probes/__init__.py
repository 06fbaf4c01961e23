"""Small scripts that run on hosts, standard library of python3 only, and how they get there.

A script stands alone: it must run on any python3 from 3.8 on and import nothing of this program.
Its one argument is a JSON value, and it prints one; its docstring describes both.
"""
