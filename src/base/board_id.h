// An id by which boards can be told apart, the same after each start: topics and clients are named
// after it.
#pragma once

#include <string>
#include <string_view>

namespace camloop {

struct BoardFiles {
  std::string machine_id = "/etc/machine-id";
  std::string interfaces = "/sys/class/net";  // of the network: a folder each, with its address
};

/// id_digits() of what the board has first of these: systemd's machine id, which shall not itself
/// be shown (machine-id(5)); the address of a network interface; its host name. Addresses that a
/// maker gave come before those that a program made up, which may be others after the next start.
std::string board_id(const BoardFiles& files = {});

/// Eight hexadecimal digits: the FNV-1a hash of `text`, of 64 bits, folded to 32
/// (draft-eastlake-fnv).
std::string id_digits(std::string_view text);

}  // namespace camloop
