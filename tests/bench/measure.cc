// Runs a program and tells what it took: one line of JSON, the last on standard error, with its CPU
// seconds, its peak resident memory and the monotonic time of its end.
//
//   measure PROGRAM [ARGUMENT...]
//
// A program's peak counts from the process that it was forked from; this one is small.
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <ctime>

namespace {

[[noreturn]] void die(const char* what) {
  perror(what);
  exit(1);
}

double seconds(const timeval& time) {
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) return 2;
  const pid_t child = fork();
  if (child < 0) die("fork");
  if (child == 0) {
    execvp(argv[1], argv + 1);
    die(argv[1]);
  }
  int status = 0;
  rusage usage;
  if (wait4(child, &status, 0, &usage) < 0) die("wait4");
  timespec end;
  clock_gettime(CLOCK_MONOTONIC, &end);
  fprintf(stderr, "{\"cpu_s\": %.6f, \"peak_kib\": %ld, \"end_s\": %.6f}\n",
          seconds(usage.ru_utime) + seconds(usage.ru_stime), usage.ru_maxrss,
          static_cast<double>(end.tv_sec) + static_cast<double>(end.tv_nsec) / 1e9);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}
