// The program: its arguments, its environment, its exit status.

#include "app.h"
#include "base/clock.h"
#include "base/log.h"
#include "config/config.h"
#include "config/settings.h"
#include "tools/pub.h"
#include "tools/send.h"
#include "tools/sub.h"

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <fcntl.h>
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
    "       camloop TOOL ...   run once, with the settings of CAMLOOP_MQTT...\n"
    "--defaults FILE     takes what the environment does not say from FILE, NAME=VALUE lines\n"
    "SIGHUP makes it read FILE again, or /etc/default/camloop where none is named.\n";

struct Tool {
  std::string_view name;
  const char* usage;
  /// The exit status, or what would be right in the place of `words`, those behind its name.
  Result<int> (*run)(std::span<const std::string_view> words, const Config& config);
};

constexpr Tool kTools[] = {
    {"pub", kPubUsage, run_pub}, {"send", kSendUsage, run_send}, {"sub", kSubUsage, run_sub}};

struct Arguments {
  std::string_view action;
  const Tool* tool = nullptr;                // in place of an action
  std::vector<std::string_view> tool_words;  // behind its name
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

// A tool tells of what goes wrong; whether it goes well shows.
int run_tool(const Arguments& arguments, const Config& config) {
  bool usual = config.log_level == LogLevel::kInfo;
  log_open(LogTarget::kStderr, usual ? LogLevel::kWarning : config.log_level);
  auto status = arguments.tool->run(arguments.tool_words, config);
  if (status.ok()) return status.value();
  log_error("%s: %s", std::string(arguments.tool->name).c_str(), status.error().text.c_str());
  std::fprintf(stderr, "usage: %s", arguments.tool->usage);
  return kExitMisused;
}

const Tool* find_tool(std::string_view name) {
  const auto* found = std::find_if(std::begin(kTools), std::end(kTools),
                                   [name](const Tool& each) { return name == each.name; });
  return found == std::end(kTools) ? nullptr : found;
}

// One action at most; two make one that there is not, and so does an empty word.
Arguments read_arguments(int count, char** texts) {
  Arguments arguments;
  for (int i = 1; i < count; ++i) {
    std::string_view text = texts[i];
    if (text == "--defaults" && i + 1 < count) {
      arguments.defaults_file = texts[++i];
    } else if (const Tool* tool = find_tool(text); tool && arguments.action.empty()) {
      arguments.tool = tool;
      arguments.tool_words.assign(texts + i + 1, texts + count);
      break;
    } else {
      bool good = arguments.action.empty() && !text.empty();
      arguments.action = good ? text : "--misused";
    }
  }
  return arguments;
}

// Else what is opened next, a connection for one, would be taken for them. Reading and writing fail
// as on what is closed.
void occupy_closed_standard_streams() {
  for (int stream : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    bool closed = fcntl(stream, F_GETFD) < 0;
    if (closed) open("/dev/null", stream == STDIN_FILENO ? O_WRONLY : O_RDONLY);
  }
}

// That a disk is full shows once the text goes out.
int print(const std::string& text) {
  bool out = std::fputs(text.c_str(), stdout) >= 0 && std::fflush(stdout) == 0;
  return out ? 0 : kExitFailed;
}

std::string help() {
  std::string text = std::string(kUsage) + "\ntools:\n";
  for (const Tool& tool : kTools) text.append("       ").append(tool.usage);
  return text + "\nsettings, as environment variables:\n" + config_help();
}

int main_with(const Arguments& arguments) {
  std::string_view argument = arguments.action;
  if (argument == "--version") return print("camloop " CAMLOOP_VERSION "\n");
  if (argument == "--help=markdown") return print(config_markdown());
  if (argument == "--help=defaults") return print(config_defaults());
  if (argument == "--help") return print(help());
  if (!argument.empty() && argument != "--check") {
    std::fputs(kUsage, stderr);
    return kExitMisused;
  }
  Settings settings(environment(), arguments.defaults_file);
  ConfigReading reading = settings.read();
  for (const std::string& fault : reading.faults) log_error("%s", fault.c_str());
  if (!reading.faults.empty()) return kExitMisused;
  if (arguments.tool) return run_tool(arguments, reading.config);
  return argument == "--check" ? 0 : run(settings, reading.config);
}

}  // namespace
}  // namespace camloop

int main(int count, char** arguments) {
  camloop::occupy_closed_standard_streams();
  return camloop::main_with(camloop::read_arguments(count, arguments));
}
