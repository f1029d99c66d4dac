#include "server/certificates.h"

#include <vector>

#include "base/strings.h"
#include "data/value.h"
#include "data/yaml.h"
#include "runtime/file.h"

namespace slipway::server {

using base::Code;
using base::Result;
using data::Value;
using http::pki::Credential;

namespace {

constexpr base::Duration kCaValid = base::hours(24 * 3650);
constexpr base::Duration kLeafValid = base::hours(24 * 365);
constexpr base::Duration kRenewBefore = base::hours(24 * 30);

Result<Credential> load(const std::string& stem) {
  auto certificate = runtime::read_file(stem + ".crt");
  auto key = runtime::read_file(stem + ".key");
  if (!certificate || !key) return base::fail(Code::NotFound, stem + " is not there");
  if (auto closed = runtime::check_private(stem + ".key"); !closed) return base::fail(closed.error());
  return Credential{.certificate = *certificate, .key = *key};
}

Result<void> save(const std::string& stem, const Credential& credential) {
  if (auto written = runtime::write_file(stem + ".key", credential.key, 0600); !written) return written;
  return runtime::write_file(stem + ".crt", credential.certificate, 0644);
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

std::string kubeconfig_text(const std::string& ca, const Credential& who, int port) {
  const std::string name = "slipway";
  const Value cluster = Value::object({{"server", "https://127.0.0.1:" + std::to_string(port)},
                                       {"certificate-authority-data", base::base64_encode(ca)}});
  const Value user = Value::object({{"client-certificate-data", base::base64_encode(who.certificate)},
                                    {"client-key-data", base::base64_encode(who.key)}});
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

Result<Certificates> ensure_certificates(const DataDir& dir, int api_port, base::Time now) {
  auto ca = ensure_ca(dir.pki() + "/ca", now);
  if (!ca) return base::fail(ca.error());
  const std::vector<std::string> names{
      "localhost", "127.0.0.1", "::1", "kubernetes", "kubernetes.default", "kubernetes.default.svc", "10.96.0.1"};
  auto server = ensure_leaf(dir.pki() + "/server", *ca, now,
                            [&] { return http::pki::issue_server(*ca, names, now, kLeafValid); });
  const auto client = [&](const std::string& name, http::Identity identity) {
    return ensure_leaf(dir.pki() + "/" + name, *ca, now,
                       [&] { return http::pki::issue_client(*ca, identity, now, kLeafValid); });
  };
  auto admin = client("admin", {.common_name = "slipway-admin", .organizations = {"system:masters"}});
  auto controller = client("controller", {.common_name = "slipway:controller", .organizations = {}});
  auto metrics = client("metrics", {.common_name = "slipway:metrics", .organizations = {}});
  for (const Result<Credential>* one : {&server, &admin, &controller, &metrics})
    if (!*one) return base::fail(one->error());
  Certificates all{.ca = ca->certificate, .server = *server, .admin = *admin, .metrics = *metrics};
  for (const auto& [path, who] :
       {std::pair(dir.kubeconfig(), *admin), std::pair(dir.controller_kubeconfig(), *controller)})
    if (auto written = runtime::write_file(path, kubeconfig_text(all.ca, who, api_port), 0600); !written)
      return base::fail(written.error());
  return all;
}

}  // namespace slipway::server
