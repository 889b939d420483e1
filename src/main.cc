// The program: its arguments, its environment, its exit status.

#include "app.h"
#include "base/log.h"
#include "config.h"

#include <csignal>
#include <cstdio>
#include <string_view>
#include <vector>

#include <sys/resource.h>
#include <unistd.h>

namespace camloop {
namespace {

constexpr int kExitFailed = 1;
constexpr int kExitMisused = 2;

// Connections beside the stream clients, cameras, files, libuv's own.
constexpr rlim_t kOtherDescriptors = 128;

constexpr const char* kUsage =
    "usage: camloop            run, with the settings in the environment\n"
    "       camloop --check    say whether the settings are right, and exit\n"
    "       camloop --help     this text; --help=markdown, --help=defaults: the settings as\n"
    "                          a table, and as a file of environment variables\n"
    "       camloop --version\n";

std::vector<std::string_view> environment() {
  std::vector<std::string_view> entries;
  for (char** entry = environ; *entry; ++entry) entries.emplace_back(*entry);
  return entries;
}

// Many systems start a service with 1024 descriptors allowed and more to be had for the asking.
void allow_descriptors(size_t clients) {
  rlimit limit{};
  rlim_t wanted = clients + kOtherDescriptors;
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= wanted) return;
  limit.rlim_cur = limit.rlim_max < wanted ? limit.rlim_max : wanted;
  setrlimit(RLIMIT_NOFILE, &limit);
}

int run(const Config& config) {
  log_open(config.log_target, config.log_level);
  allow_descriptors(config.http_clients);
  std::signal(SIGPIPE, SIG_IGN);
  Loop loop;
  int status = 0;
  {
    auto app = App::create(loop, config);
    if (app.ok()) {
      loop.run();
      status = app.value()->exit_status();
    } else {
      log_error("%s", app.error().text.c_str());
      status = kExitFailed;
    }
  }
  loop.drain();
  return status;
}

int main_with(std::string_view argument) {
  if (argument == "--version") return std::puts("camloop " CAMLOOP_VERSION) < 0;
  if (argument == "--help=markdown") return std::fputs(config_markdown().c_str(), stdout) < 0;
  if (argument == "--help=defaults") return std::fputs(config_defaults().c_str(), stdout) < 0;
  if (argument == "--help") {
    return std::printf("%s\nsettings, as environment variables:\n%s", kUsage,
                       config_help().c_str()) < 0;
  }
  if (!argument.empty() && argument != "--check") {
    std::fputs(kUsage, stderr);
    return kExitMisused;
  }
  ConfigReading reading = read_config(environment());
  for (const std::string& fault : reading.faults) log_error("%s", fault.c_str());
  if (!reading.faults.empty()) return kExitMisused;
  return argument == "--check" ? 0 : run(reading.config);
}

}  // namespace
}  // namespace camloop

int main(int count, char** arguments) {
  if (count > 2) return camloop::main_with("--too-many");
  return camloop::main_with(count == 2 ? arguments[1] : "");
}
