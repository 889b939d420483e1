# The machine that builds: a PC with Debian 12, which also runs the tests and the benchmark.
host.packages := g++
host.cxx := g++
host.machine :=
# The sanitized tree links the same libraries into a position-independent program.
host.cmake := -DCMAKE_POSITION_INDEPENDENT_CODE=ON
