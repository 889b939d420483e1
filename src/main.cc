// The program: its arguments, its environment, its exit status.

#include "app.h"
#include "base/clock.h"
#include "base/log.h"
#include "config.h"
#include "settings.h"

#include <csignal>
#include <cstdio>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <unistd.h>

namespace camloop {
namespace {

constexpr int kExitFailed = 1;
constexpr int kExitMisused = 2;

// A stop takes 2 s at most, of which a broker that does not answer our leaving may take one.
constexpr int64_t kDrainMax_us = kSecond_us / 2;

constexpr const char* kUsage =
    "usage: camloop            run, with the settings in the environment\n"
    "       camloop --check    say whether the settings are right, and exit\n"
    "       camloop --help     this text; --help=markdown, --help=defaults: the settings as\n"
    "                          a table, and as a file of environment variables\n"
    "       camloop --version\n"
    "--defaults FILE     takes what the environment does not say from FILE, NAME=VALUE lines\n"
    "SIGHUP makes it read FILE again, or /etc/default/camloop where none is named.\n";

struct Arguments {
  std::string_view action;
  std::optional<std::string> defaults_file;
};

std::vector<std::string_view> environment() {
  std::vector<std::string_view> entries;
  for (char** entry = environ; *entry; ++entry) entries.emplace_back(*entry);
  return entries;
}

int run(const Settings& settings, const Config& config) {
  log_open(config.log_target, config.log_level);
  std::signal(SIGPIPE, SIG_IGN);
  Loop loop;
  int status = 0;
  {
    auto app = App::create(loop, settings, config);
    if (app.ok()) {
      loop.run();
      status = app.value()->exit_status();
    } else {
      log_error("%s", app.error().text.c_str());
      status = kExitFailed;
    }
  }
  if (!loop.drain_within(kDrainMax_us)) _exit(status);
  return status;
}

// One action at most; two make one that there is not.
Arguments read_arguments(int count, char** texts) {
  Arguments arguments;
  for (int i = 1; i < count; ++i) {
    std::string_view text = texts[i];
    if (text == "--defaults" && i + 1 < count) {
      arguments.defaults_file = texts[++i];
    } else {
      arguments.action = arguments.action.empty() ? text : "--too-many";
    }
  }
  return arguments;
}

int main_with(const Arguments& arguments) {
  std::string_view argument = arguments.action;
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
  Settings settings(environment(), arguments.defaults_file);
  ConfigReading reading = settings.read();
  for (const std::string& fault : reading.faults) log_error("%s", fault.c_str());
  if (!reading.faults.empty()) return kExitMisused;
  return argument == "--check" ? 0 : run(settings, reading.config);
}

}  // namespace
}  // namespace camloop

int main(int count, char** arguments) {
  return camloop::main_with(camloop::read_arguments(count, arguments));
}
