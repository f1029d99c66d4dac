#include "server/certificates.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <vector>

#include "base/strings.h"
#include "data/value.h"
#include "data/yaml.h"

namespace slipway::server {

using base::Code;
using base::Result;
using data::Value;
using http::pki::Credential;

namespace {

constexpr base::Duration kCaValid = base::hours(24 * 3650);
constexpr base::Duration kLeafValid = base::hours(24 * 365);
constexpr base::Duration kRenewBefore = base::hours(24 * 30);
constexpr mode_t kOthersMayRead = S_IRWXG | S_IRWXO;

Result<void> check_key_mode(const std::string& path) {
  struct stat info;
  if (stat(path.c_str(), &info) != 0) return base::fail(Code::NotFound, path + ": " + strerror(errno));
  if (info.st_mode & kOthersMayRead) return base::fail(Code::Invalid, path + ": others may read this key; run: chmod 600 " + path);
  return {};
}

Result<Credential> load(const std::string& stem) {
  auto certificate = read_file(stem + ".crt");
  auto key = read_file(stem + ".key");
  if (!certificate || !key) return base::fail(Code::NotFound, stem + " is not there");
  if (auto closed = check_key_mode(stem + ".key"); !closed) return base::fail(closed.error());
  return Credential{.certificate = *certificate, .key = *key};
}

Result<void> save(const std::string& stem, const Credential& credential) {
  if (auto written = write_file(stem + ".key", credential.key, 0600); !written) return written;
  return write_file(stem + ".crt", credential.certificate, 0644);
}

Result<Credential> ensure_ca(const std::string& stem, base::Time now) {
  auto loaded = load(stem);
  if (loaded || loaded.error().code != Code::NotFound) return loaded;
  Credential made = http::pki::make_ca("slipway-ca", now, kCaValid);
  if (auto saved = save(stem, made); !saved) return base::fail(saved.error());
  return made;
}

// `issue` makes a new one when there is none that is good for another while.
template <class Issue>
Result<Credential> ensure_leaf(const std::string& stem, const Credential& ca, base::Time now, Issue issue) {
  auto loaded = load(stem);
  if (!loaded && loaded.error().code != Code::NotFound) return loaded;
  if (loaded && http::pki::check(*loaded, ca.certificate, now, kRenewBefore)) return loaded;
  Result<Credential> made = issue();
  if (!made) return made;
  if (auto saved = save(stem, *made); !saved) return base::fail(saved.error());
  return made;
}

std::string kubeconfig_text(const Certificates& all, int port) {
  const std::string name = "slipway";
  const Value cluster = Value::object({{"server", "https://127.0.0.1:" + std::to_string(port)},
                                       {"certificate-authority-data", base::base64_encode(all.ca)}});
  const Value user = Value::object({{"client-certificate-data", base::base64_encode(all.admin.certificate)},
                                    {"client-key-data", base::base64_encode(all.admin.key)}});
  const Value context = Value::object({{"cluster", name}, {"user", name}});
  const auto named = [&name](std::string_view key, const Value& what) {
    return Value::array({Value::object({{"name", name}, {key, what}})});
  };
  return data::to_yaml(Value::object({{"apiVersion", "v1"},
                                      {"kind", "Config"},
                                      {"clusters", named("cluster", cluster)},
                                      {"users", named("user", user)},
                                      {"contexts", named("context", context)},
                                      {"current-context", name}}));
}

}  // namespace

Result<std::string> read_file(const std::string& path) {
  const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return base::fail(errno == ENOENT ? Code::NotFound : Code::Invalid, path + ": " + strerror(errno));
  std::string text;
  char chunk[16384];
  for (ssize_t n; (n = read(fd, chunk, sizeof chunk)) > 0;) text.append(chunk, static_cast<std::size_t>(n));
  close(fd);
  return text;
}

Result<void> write_file(const std::string& path, const std::string& content, unsigned mode) {
  const std::string fresh = path + ".new";
  unlink(fresh.c_str());
  const int fd = open(fresh.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
  const auto failed = [&path] { return base::fail(Code::Unavailable, path + ": cannot write: " + strerror(errno)); };
  if (fd < 0) return failed();
  bool good = write(fd, content.data(), content.size()) == static_cast<ssize_t>(content.size()) && fsync(fd) == 0;
  good = close(fd) == 0 && good && rename(fresh.c_str(), path.c_str()) == 0;
  if (!good) return failed();
  return {};
}

Result<Certificates> ensure_certificates(const DataDir& dir, int api_port, base::Time now) {
  auto ca = ensure_ca(dir.pki() + "/ca", now);
  if (!ca) return base::fail(ca.error());
  const std::vector<std::string> names{"localhost", "127.0.0.1", "::1", "kubernetes", "kubernetes.default",
                                       "kubernetes.default.svc", "10.96.0.1"};
  auto server = ensure_leaf(dir.pki() + "/server", *ca, now, [&] { return http::pki::issue_server(*ca, names, now, kLeafValid); });
  const auto client = [&](const std::string& name, http::Identity identity) {
    return ensure_leaf(dir.pki() + "/" + name, *ca, now, [&] { return http::pki::issue_client(*ca, identity, now, kLeafValid); });
  };
  auto admin = client("admin", {.common_name = "slipway-admin", .organizations = {"system:masters"}});
  auto metrics = client("metrics", {.common_name = "slipway:metrics", .organizations = {}});
  for (const Result<Credential>* one : {&server, &admin, &metrics})
    if (!*one) return base::fail(one->error());
  Certificates all{.ca = ca->certificate, .server = *server, .admin = *admin, .metrics = *metrics};
  if (auto written = write_file(dir.kubeconfig(), kubeconfig_text(all, api_port), 0600); !written) return base::fail(written.error());
  return all;
}

}  // namespace slipway::server
