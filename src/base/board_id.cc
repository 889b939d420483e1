#include "base/board_id.h"

#include "base/text_file.h"

#include <cstdint>
#include <cstdio>
#include <memory>
#include <optional>
#include <tuple>
#include <utility>

#include <dirent.h>
#include <unistd.h>

namespace camloop {
namespace {

// RFC 1035, 2.3.4, and an end.
constexpr size_t kHostNameSize = 254;

std::string first_line(const std::string& path) {
  auto text = read_text_file(path);
  return text.ok() ? text.value().substr(0, text.value().find('\n')) : "";
}

// Before a system's first start has ended its file is empty or has a word in it.
bool is_machine_id(std::string_view text) {
  return text.size() == 32 && text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

struct Interface {
  bool made_up;  // its address: IEEE 802, "locally administered"
  std::string name;
  std::string address;

  bool operator<(const Interface& other) const {
    return std::tie(made_up, name) < std::tie(other.made_up, other.name);
  }
};

// The loopback's address is all zero, and tunnels have others than of six bytes.
std::string network_address(const std::string& interfaces) {
  std::unique_ptr<DIR, int (*)(DIR*)> folder(opendir(interfaces.c_str()), closedir);
  std::optional<Interface> first;
  while (const dirent* entry = folder ? readdir(folder.get()) : nullptr) {
    std::string name = entry->d_name, address = first_line(interfaces + "/" + name + "/address");
    unsigned first_byte = 0;
    bool is_mac = address.size() == 17 && std::sscanf(address.c_str(), "%2x:", &first_byte) == 1;
    if (!is_mac || address == "00:00:00:00:00:00") continue;
    Interface interface { (first_byte & 2) != 0, name, address };
    if (!first || interface < *first) first = std::move(interface);
  }
  return first ? first->address : "";
}

std::string host_name() {
  char name[kHostNameSize] = {};
  gethostname(name, sizeof name - 1);
  return name;
}

}  // namespace

std::string board_id(const BoardFiles& files) {
  std::string text = first_line(files.machine_id);
  if (!is_machine_id(text)) text = network_address(files.interfaces);
  if (text.empty()) text = host_name();
  return id_digits(text);
}

std::string id_digits(std::string_view text) {
  uint64_t hash = 0xcbf2'9ce4'8422'2325;
  for (unsigned char c : text) hash = (hash ^ c) * 0x100'0000'01b3;
  char digits[9];
  std::snprintf(digits, sizeof digits, "%08x", static_cast<uint32_t>(hash >> 32 ^ hash));
  return digits;
}

}  // namespace camloop
