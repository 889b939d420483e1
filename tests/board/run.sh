#!/bin/sh
# Runs on the virtual board: each line from the console is a command; what it prints is followed by
# a line with its exit status, as is the boot. The end of the test is the command "exit".
echo "exit status 0"
while read -r line; do
  eval "$line" </dev/null 2>&1
  echo "exit status $?"
done
