// Certificates for tests, made when they are needed: P-256 keys, and dates that no clock is
// beyond.
#pragma once

#include "io/tls_context.h"
#include "unit/temp_folder.h"

#include <map>
#include <memory>
#include <string>
#include <vector>

namespace camloop {

struct TestCertificate {
  std::string name = "CN=camera";
  std::vector<std::string> hosts = {"camera.test"};
  std::vector<std::string> addresses;  // in network byte order
  std::string from = "19700101000000";
  std::string until = "99991231235959";
  std::string issuer = "authority";  // "self": signed by its own key
  bool is_authority = false;
};

/// A folder of PEM files: NAME.crt and NAME.key, and one authority, "authority".
class TlsFiles {
 public:
  TlsFiles();
  ~TlsFiles();

  /// Makes NAME.crt and NAME.key.
  void make(const std::string& name, const TestCertificate& certificate);
  std::string cert(const std::string& name) const { return folder_.path_of(name + ".crt"); }
  std::string key(const std::string& name) const { return folder_.path_of(name + ".key"); }
  const TempFolder& folder() const { return folder_; }

  /// A server with NAME's certificate, and a client with that of `name` (or none), which trusts
  /// the authority alone.
  std::shared_ptr<TlsContext> server(const std::string& name, bool asks = false) const;
  std::shared_ptr<TlsContext> client(const std::string& name = "") const;

 private:
  struct Key;

  TempFolder folder_;
  std::map<std::string, std::unique_ptr<Key>> keys_;
  std::map<std::string, std::string> names_;  // the subjects
};

/// A client that takes nothing newer than TLS 1.2.
void allow_only_tls12(TlsContext& context);

}  // namespace camloop
