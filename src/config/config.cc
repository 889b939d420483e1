#include "config/config.h"

#include "base/text.h"
#include "base/text_file.h"
#include "config/config_table.h"

#include <algorithm>

namespace camloop {
namespace {

constexpr std::string_view kPrefix = "CAMLOOP_";

const Variable* find_variable(std::string_view name) {
  for (const Variable& each : config_variables()) {
    if (name == each.name) return &each;
  }
  return nullptr;
}

std::string file_variable(const Variable& secret) {
  return std::string(secret.name) + "_FILE";
}

// The secret that may stand in the file which `name` names.
const Variable* find_secret_of_file(std::string_view name) {
  for (const Variable& each : config_variables()) {
    if (each.secret && name == file_variable(each)) return &each;
  }
  return nullptr;
}

Error unknown_variable(std::string_view name) {
  std::vector<std::string> names;
  for (const Variable& each : config_variables()) {
    names.emplace_back(each.name);
    if (each.secret) names.push_back(file_variable(each));
  }
  std::string fault = std::string(name) + ": there is no such variable";
  if (auto nearest = nearest_name(name, {names.begin(), names.end()})) {
    fault.append("; did you mean ").append(*nearest).append("?");
  }
  return Error{fault};
}

std::string meaning_of(const Variable& variable) {
  std::string meaning = variable.meaning;
  if (variable.secret) meaning += "; or in the file that " + file_variable(variable) + " names";
  return meaning;
}

// ---- Reading -----------------------------------------------------------------------------------

size_t index_of(const Variable& variable) {
  return static_cast<size_t>(&variable - config_variables().data());
}

std::string& written(Config& config, const Variable& variable) {
  return config.written[index_of(variable)];
}

// `place`: what a fault calls the text.
Result<> take(Config& config, const Variable& variable, std::string_view value,
              const std::string& place) {
  if (!variable.apply(config, value)) {
    return Error{place + " is not right: write " + variable.values};
  }
  written(config, variable) = value;
  return {};
}

Result<> take_secret(Config& config, const Variable& variable, std::string_view value,
                     const std::string& place) {
  if (value.empty()) return {};
  if (!written(config, variable).empty()) {
    return Error{std::string(variable.name) + " and " + file_variable(variable) +
                 " are both set: leave one out"};
  }
  return take(config, variable, value, place);
}

// Editors end a file with a newline, which is no part of the secret.
Result<> take_secret_file(Config& config, const Variable& variable, const std::string& path) {
  if (path.empty()) return {};
  std::string name = file_variable(variable);
  auto text = read_text_file(path);
  if (!text.ok()) return Error{name + ": " + text.error().text};
  std::string_view value = text.value();
  if (value.ends_with('\n')) value.remove_suffix(1);
  if (value.ends_with('\r')) value.remove_suffix(1);
  if (value.empty()) return Error{name + ": " + path + ": nothing is in it"};
  return take_secret(config, variable, value, name + ": what is in " + path);
}

Result<> take_entry(Config& config, std::string_view name, std::string_view value) {
  const Variable* variable = find_variable(name);
  if (variable && variable->secret) return take_secret(config, *variable, value, variable->name);
  if (variable) {
    return take(config, *variable, value, std::string(name) + "='" + std::string(value) + "'");
  }
  if (const Variable* secret = find_secret_of_file(name)) {
    return take_secret_file(config, *secret, std::string(value));
  }
  return unknown_variable(name);
}

// `first` and `second` of a variable each: what is there where the other is not.
Result<> check_pair(const char* names, const std::string& first, const char* first_is,
                    const std::string& second, const char* second_is) {
  if (first.empty() == second.empty()) return {};
  return Error{std::string(names) + " go together: there is no " +
               (first.empty() ? first_is : second_is)};
}

// What no variable says alone.
Result<> check_together(const Config& config) {
  const HttpCredentials& http = config.http_credentials;
  TRY(check_pair("CAMLOOP_HTTP_USER and CAMLOOP_HTTP_PASSWORD", http.user, "user", http.password,
                 "password"));
  TRY(check_pair("CAMLOOP_TLS_CERT and CAMLOOP_TLS_KEY", config.tls_cert.path, "certificate",
                 config.tls_key.path, "key"));
  TRY(check_pair("CAMLOOP_MQTT_CERT and CAMLOOP_MQTT_KEY", config.mqtt_cert.path, "certificate",
                 config.mqtt_key.path, "key"));
  bool serves_tls = config.channel_tls && config.source_kind == SourceKind::kChannel;
  if (serves_tls && config.tls_cert.empty()) {
    return Error{
        "CAMLOOP_CHANNEL_TLS='on' needs CAMLOOP_TLS_CERT and CAMLOOP_TLS_KEY for the receiver"};
  }
  if (config.source_kind == SourceKind::kMqtt && !config.mqtt) {
    return Error{"CAMLOOP_SOURCE='mqtt' needs CAMLOOP_MQTT, the broker that it receives from"};
  }
  // Each birth of ours would be taken for Home Assistant's, which is answered by one.
  if (config.mqtt_discovery == config.mqtt_prefix + "/" + config.id) {
    return Error{"CAMLOOP_MQTT_DISCOVERY='" + config.mqtt_discovery +
                 "' is where the camera's own topics are: write another topic"};
  }
  return {};
}

std::string change_of(const Variable& variable, const std::string& before,
                      const std::string& after) {
  if (variable.secret) return "changed";
  if (before == after) return "'" + after + "' renewed";
  return "'" + before + "' -> '" + after + "'";
}

}  // namespace

ConfigReading read_config(std::span<const std::string_view> environment) {
  ConfigReading reading;
  for (const Variable& each : config_variables()) {
    each.apply(reading.config, each.fallback);
    reading.config.written.emplace_back(each.fallback);
  }
  auto heed = [&reading](const Result<>& result) {
    if (!result.ok()) reading.faults.push_back(result.error().text);
  };
  for (std::string_view entry : environment) {
    size_t equals = entry.find('=');
    if (!entry.starts_with(kPrefix) || equals == std::string_view::npos) continue;
    heed(take_entry(reading.config, entry.substr(0, equals), entry.substr(equals + 1)));
  }
  if (reading.faults.empty()) heed(check_together(reading.config));
  for (std::string& fault : reading.faults) fault = printable(fault);
  return reading;
}

Result<> set_variable(Config& config, std::string_view name, std::string_view value) {
  const Variable* variable = find_variable(name);
  CHECK(variable != nullptr);
  if (!variable->apply(config, value)) return Error{std::string("write ") + variable->values};
  written(config, *variable) = value;
  return {};
}

std::vector<std::string> config_changes(const Config& before, const Config& after) {
  std::vector<std::string> changes;
  for (const Variable& each : config_variables()) {
    size_t i = index_of(each);
    const std::string &old_text = before.written[i], &new_text = after.written[i];
    bool other_file = each.pem_file && before.*each.pem_file != after.*each.pem_file;
    if (old_text == new_text && !other_file) continue;
    changes.push_back(std::string(each.name) + ": " + change_of(each, old_text, new_text));
  }
  return changes;
}

std::string config_help() {
  std::string help;
  for (const Variable& each : config_variables()) {
    std::string fallback = *each.fallback ? each.fallback : "(empty)";
    help += std::string(each.name) + "  default " + fallback + "\n    " + meaning_of(each) +
            "\n    values: " + each.values + "\n";
  }
  return help;
}

std::string config_markdown() {
  std::string table = "| variable | default | values | meaning |\n| --- | --- | --- | --- |\n";
  for (const Variable& each : config_variables()) {
    table += std::string("| ") + each.name + " | " + each.fallback + " | " + each.values + " | " +
             meaning_of(each) + " |\n";
  }
  return table;
}

std::string config_defaults() {
  std::string file;
  for (const Variable& each : config_variables()) {
    file += std::string("\n# ") + meaning_of(each) + "\n# values: " + each.values + "\n#" +
            each.name + "=" + each.fallback + "\n";
  }
  return file;
}

}  // namespace camloop
