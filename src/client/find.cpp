#include "client/find.h"

#include <cstdlib>
#include <filesystem>

#include "base/strings.h"
#include "client/kubeconfig.h"
#include "runtime/file.h"

namespace slipway::client {
namespace {

using base::Code;
using base::fail;

std::string env(const char* name) { return std::getenv(name) ? std::getenv(name) : ""; }

bool exists(const std::string& path) {
  std::error_code error;
  return !path.empty() && std::filesystem::exists(path, error);
}

std::vector<std::string> paths_in(const std::string& list) {
  std::vector<std::string> out;
  for (std::string_view path : base::split(list, ':'))
    if (!path.empty()) out.emplace_back(path);
  return out;
}

base::Result<Connection> from(base::Result<Kubeconfig> config, const std::string& context) {
  if (!config) return fail(config.error());
  return config->connection(context);
}

}  // namespace

base::Result<Connection> find_connection(const Choice& choice) {
  if (!choice.kubeconfig.empty()) return from(Kubeconfig::load(choice.kubeconfig), choice.context);
  if (const auto named = paths_in(env("KUBECONFIG")); !named.empty())
    return from(Kubeconfig::load_all(named), choice.context);
  std::vector<std::string> usual = choice.more;
  usual.push_back(env("HOME") + "/.kube/config");
  for (const std::string& path : usual)
    if (exists(path)) return from(Kubeconfig::load(path), choice.context);
  if (!env("KUBERNETES_SERVICE_HOST").empty()) return in_cluster();
  return fail(Code::NotFound,
              "there is no kubeconfig (looked for " + base::join(usual, ", ") +
                  "): start a cluster with `slipway up --detach`, or name one with --kubeconfig or $KUBECONFIG");
}

base::Result<Connection> in_cluster(const std::string& folder) {
  const std::string host = env("KUBERNETES_SERVICE_HOST"), port = env("KUBERNETES_SERVICE_PORT");
  if (host.empty() || port.empty())
    return fail(Code::NotFound, "not in a pod: KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT are not set");
  Connection out{.server = "https://" + (host.contains(':') ? "[" + host + "]" : host) + ":" + port,
                 .token_file = folder + "/token",
                 .origin = {.file = folder, .user = "service account", .ca = "ca.crt", .credentials = "token"}};
  auto token = runtime::read_file(out.token_file);
  if (!token)
    return fail(token.error().code,
                "the pod's service account: " + token.error().message + " (is automountServiceAccountToken false?)");
  out.token = base::trim(*token);
  auto ca = runtime::read_file(folder + "/ca.crt");
  if (!ca) return fail(ca.error().code, "the pod's service account: " + ca.error().message);
  out.ca = std::move(*ca);
  if (auto space = runtime::read_file(folder + "/namespace")) out.space = base::trim(*space);
  return out;
}

}  // namespace slipway::client
