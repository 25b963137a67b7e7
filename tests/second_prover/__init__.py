"""A second answer to what changes between two worlds of policy documents, by an SMT solver.

The engine and its comparison try requests; this writes AWS's rules down as constraints over every
request at once (principal, action, resource, circumstances) and lets cvc5 look for one on which the
worlds differ. It shares no code with `cross_account_access.iam`: it reads documents, patterns and
conditions in its own way. Which actions AWS has, and what they are about, is AWS's own list
(`cross_account_access.facts`).

A solver is exact but slow, so it is for small worlds, and it refuses (`Undecided`) what AWS's pages
leave open.
"""
