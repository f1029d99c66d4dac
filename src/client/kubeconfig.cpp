#include "client/kubeconfig.h"

#include "base/strings.h"
#include "data/yaml.h"
#include "runtime/file.h"

namespace slipway::client {
namespace {

using base::Code;
using base::fail;
using data::Value;

base::Result<std::string> file_of(const std::string& folder, std::string_view name) {
  std::string path = name.starts_with('/') ? std::string(name) : folder + "/" + std::string(name);
  return runtime::read_file(path);
}

// `key-data` (base64) or the file that `key` names; empty when neither is there.
base::Result<std::string> material(const Value& entry, const std::string& folder, const std::string& key) {
  const Value& inlined = entry[key + "-data"];
  if (!inlined.is_empty()) {
    auto bytes = base::base64_decode(inlined.as_string());
    if (!bytes) return fail(Code::Invalid, "kubeconfig: " + key + "-data is not base64");
    return *bytes;
  }
  if (entry[key].is_empty()) return std::string();
  return file_of(folder, entry[key].as_string());
}

// The entry called `name` of a list like "clusters", whose content is under `inner`.
base::Result<Value> named(const Value& document, const char* list, const char* inner, std::string_view name) {
  for (const Value& entry : document[list].items())
    if (entry["name"].as_string() == name) return entry[inner];
  return fail(Code::NotFound, "kubeconfig: no " + std::string(inner) + " is called \"" + std::string(name) + "\"");
}

base::Result<void> read_cluster(const Value& cluster, const std::string& folder, Connection& out) {
  out.server = cluster["server"].str();
  if (out.server.empty()) return fail(Code::Invalid, "kubeconfig: the cluster has no server");
  if (!cluster["proxy-url"].is_empty()) return fail(Code::Invalid, "kubeconfig: proxy-url is not supported");
  out.insecure = cluster["insecure-skip-tls-verify"].as_bool();
  out.server_name = cluster["tls-server-name"].str();
  auto ca = material(cluster, folder, "certificate-authority");
  if (!ca) return fail(ca.error());
  out.ca = std::move(*ca);
  return {};
}

base::Result<void> read_user(const Value& user, const std::string& folder, Connection& out) {
  for (const char* plugin : {"exec", "auth-provider"})
    if (user.has(plugin))
      return fail(Code::Invalid, "kubeconfig: credentials from " + std::string(plugin) +
                                     " are not supported; use a token or a certificate");
  auto certificate = material(user, folder, "client-certificate");
  if (!certificate) return fail(certificate.error());
  auto key = material(user, folder, "client-key");
  if (!key) return fail(key.error());
  out.certificate = std::move(*certificate);
  out.key = std::move(*key);
  out.token = user["token"].str();
  if (!out.token.empty() || user["tokenFile"].is_empty()) return {};
  auto token = file_of(folder, user["tokenFile"].as_string());
  if (!token) return fail(token.error());
  out.token = base::trim(*token);
  return {};
}

std::string folder_of(const std::string& path) {
  std::size_t slash = path.rfind('/');
  return slash == std::string::npos ? "." : slash == 0 ? "/" : path.substr(0, slash);
}

Value entry(const std::string& name, const char* inner, Value content) {
  return Value::array({Value::object({{"name", name}, {inner, std::move(content)}})});
}

void set_data(Value& into, const char* key, const std::string& text) {
  if (!text.empty()) into.set(key, base::base64_encode(text));
}

}  // namespace

base::Result<Kubeconfig> Kubeconfig::load(const std::string& path) {
  auto text = runtime::read_file(path);
  if (!text) return fail(text.error());
  auto parsed = parse(*text, folder_of(path));
  if (!parsed) return fail(parsed.error().code, path + ": " + parsed.error().message);
  return parsed;
}

base::Result<Kubeconfig> Kubeconfig::parse(std::string_view text, std::string folder) {
  auto document = data::parse_yaml(text);
  if (!document) return fail(document.error());
  if (!document->is_object()) return fail(Code::Invalid, "kubeconfig: not an object");
  Kubeconfig out;
  out.document_ = std::move(*document);
  out.folder_ = std::move(folder);
  return out;
}

std::vector<std::string> Kubeconfig::contexts() const {
  std::vector<std::string> out;
  for (const Value& context : document_["contexts"].items()) out.push_back(context["name"].str());
  return out;
}

base::Result<Connection> Kubeconfig::connection(const std::string& name) const {
  std::string wanted = name.empty() ? current_context() : name;
  auto context = named(document_, "contexts", "context", wanted);
  if (!context) return fail(context.error());
  auto cluster = named(document_, "clusters", "cluster", (*context)["cluster"].as_string());
  if (!cluster) return fail(cluster.error());
  Connection out;
  if (auto read = read_cluster(*cluster, folder_, out); !read) return fail(read.error());
  if (!(*context)["user"].is_empty()) {
    auto user = named(document_, "users", "user", (*context)["user"].as_string());
    if (!user) return fail(user.error());
    if (auto read = read_user(*user, folder_, out); !read) return fail(read.error());
  }
  out.space = (*context)["namespace"].str("default");
  return out;
}

base::Result<void> save_kubeconfig(const std::string& path, const Connection& connection, const std::string& name) {
  Value cluster = Value::object({{"server", connection.server}});
  set_data(cluster, "certificate-authority-data", connection.ca);
  if (connection.insecure) cluster.set("insecure-skip-tls-verify", true);
  if (!connection.server_name.empty()) cluster.set("tls-server-name", connection.server_name);
  Value user = Value::object();
  set_data(user, "client-certificate-data", connection.certificate);
  set_data(user, "client-key-data", connection.key);
  if (!connection.token.empty()) user.set("token", connection.token);
  Value context = Value::object({{"cluster", name}, {"user", name}, {"namespace", connection.space}});
  Value document = Value::object({{"apiVersion", "v1"},
                                  {"kind", "Config"},
                                  {"clusters", entry(name, "cluster", std::move(cluster))},
                                  {"users", entry(name, "user", std::move(user))},
                                  {"contexts", entry(name, "context", std::move(context))},
                                  {"current-context", name}});
  return runtime::write_file(path, data::to_yaml(document), 0600);
}

}  // namespace slipway::client
