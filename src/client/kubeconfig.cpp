#include "client/kubeconfig.h"

#include <algorithm>

#include "base/strings.h"
#include "data/yaml.h"
#include "runtime/file.h"

namespace slipway::client {
namespace {

using base::Code;
using base::fail;
using data::Value;

std::string folder_of(const std::string& path) {
  std::size_t slash = path.rfind('/');
  return slash == std::string::npos ? "." : slash == 0 ? "/" : path.substr(0, slash);
}

std::string in_folder(const std::string& folder, std::string_view name) {
  return name.starts_with('/') ? std::string(name) : folder + "/" + std::string(name);
}

// A part of the file while it is read: its errors say where they are.
struct Reading {
  const Value& entry;
  std::string file, folder;
  std::string what;  // "user \"robot\""

  std::unexpected<base::Error> bad(const std::string& why) const {
    return fail(Code::Invalid, file + ": " + what + ": " + why);
  }

  // `key-data` (base64) or the file that `key` names; empty when neither is there. `source` gets what it was.
  base::Result<std::string> material(const std::string& key, std::string& source) const {
    if (const Value& inlined = entry[key + "-data"]; !inlined.is_empty()) {
      source = key + "-data";
      auto bytes = base::base64_decode(inlined.as_string());
      if (!bytes) return bad(key + "-data is not base64");
      return *bytes;
    }
    if (entry[key].is_empty()) return std::string();
    source = key + " " + in_folder(folder, entry[key].as_string());
    auto text = runtime::read_file(in_folder(folder, entry[key].as_string()));
    if (!text) return fail(text.error().code, file + ": " + what + ": " + key + ": " + text.error().message);
    return text;
  }
};

base::Result<void> read_cluster(const Reading& in, Connection& out) {
  const Value& cluster = in.entry;
  out.server = cluster["server"].str();
  if (out.server.empty()) return in.bad("has no server");
  out.insecure = cluster["insecure-skip-tls-verify"].as_bool();
  out.server_name = cluster["tls-server-name"].str();
  out.proxy = cluster["proxy-url"].str();
  auto ca = in.material("certificate-authority", out.origin.ca);
  if (!ca) return fail(ca.error());
  out.ca = std::move(*ca);
  if (out.insecure && !out.ca.empty())
    return in.bad("insecure-skip-tls-verify and a certificate-authority exclude each other");
  return {};
}

base::Result<ExecPlugin::Interactive> interactive_of(const Reading& in, const Value& exec) {
  using enum ExecPlugin::Interactive;
  const std::string mode = exec["interactiveMode"].str("IfAvailable");
  if (mode == "Never") return Never;
  if (mode == "IfAvailable") return IfAvailable;
  if (mode == "Always") return Always;
  return in.bad("exec.interactiveMode is \"" + mode + "\": it must be Never, IfAvailable or Always");
}

// What a plugin that asks for it is told of the cluster.
Value cluster_info(const Value& cluster, const Connection& connection) {
  Value info = Value::object({{"server", connection.server}});
  if (!connection.server_name.empty()) info.set("tls-server-name", connection.server_name);
  if (connection.insecure) info.set("insecure-skip-tls-verify", true);
  if (!connection.ca.empty()) info.set("certificate-authority-data", base::base64_encode(connection.ca));
  if (!connection.proxy.empty()) info.set("proxy-url", connection.proxy);
  for (const Value& extension : cluster["extensions"].items())
    if (extension["name"].as_string() == "client.authentication.k8s.io/exec")
      info.set("config", extension["extension"]);
  return info;
}

base::Result<ExecPlugin> read_exec(const Reading& in, const Value& exec, const Value& cluster,
                                   const Connection& connection) {
  ExecPlugin plugin{.command = exec["command"].str(), .install_hint = exec["installHint"].str()};
  plugin.api_version = exec["apiVersion"].str();
  if (plugin.command.empty()) return in.bad("exec has no command");
  if (plugin.api_version != "client.authentication.k8s.io/v1" &&
      plugin.api_version != "client.authentication.k8s.io/v1beta1")
    return in.bad(
        "exec.apiVersion is \"" + plugin.api_version +
        "\": it must be client.authentication.k8s.io/v1 (or v1beta1); newer versions of the plugin's program write it");
  if (plugin.command.contains('/')) plugin.command = in_folder(in.folder, plugin.command);
  for (const Value& argument : exec["args"].items()) plugin.arguments.push_back(argument.str());
  for (const Value& variable : exec["env"].items())
    plugin.environment.push_back(variable["name"].str() + "=" + variable["value"].str());
  auto interactive = interactive_of(in, exec);
  if (!interactive) return fail(interactive.error());
  plugin.interactive = *interactive;
  plugin.provide_cluster = exec["provideClusterInfo"].as_bool();
  if (plugin.provide_cluster) plugin.cluster = cluster_info(cluster, connection);
  return plugin;
}

base::Result<void> read_token(const Reading& in, Connection& out) {
  out.token = in.entry["token"].str();
  if (!out.token.empty()) out.origin.credentials = "token";
  if (in.entry["tokenFile"].is_empty()) return {};
  out.token_file = in_folder(in.folder, in.entry["tokenFile"].as_string());
  out.origin.credentials = "tokenFile " + out.token_file;
  auto text = runtime::read_file(out.token_file);
  if (text) out.token = base::trim(*text);
  if (out.token.empty())
    return fail(
        text ? Code::Invalid : text.error().code,
        in.file + ": " + in.what + ": tokenFile: " + (text ? out.token_file + " is empty" : text.error().message));
  return {};
}

base::Result<void> read_certificate(const Reading& in, Connection& out) {
  std::string key_source;
  auto certificate = in.material("client-certificate", out.origin.credentials);
  if (!certificate) return fail(certificate.error());
  auto key = in.material("client-key", key_source);
  if (!key) return fail(key.error());
  if (certificate->empty() != key->empty())
    return in.bad(key->empty() ? "has a client-certificate but no client-key"
                               : "has a client-key but no client-certificate");
  out.certificate = std::move(*certificate);
  out.key = std::move(*key);
  return {};
}

base::Result<void> read_user(const Reading& in, const Value& cluster, Connection& out) {
  const Value& user = in.entry;
  if (user.has("auth-provider"))
    return in.bad("auth-provider is no longer part of Kubernetes: use the provider's exec plugin");
  if (user.has("username") || user.has("password"))
    return in.bad(
        "a user name and password are no longer accepted by Kubernetes: use a token, a certificate or an exec plugin");
  if (auto read = read_certificate(in, out); !read) return read;
  if (auto read = read_token(in, out); !read) return read;
  out.as = user["as"].str();
  for (const Value& group : user["as-groups"].items()) out.as_groups.push_back(group.str());
  if (!user.has("exec")) return {};
  auto exec = read_exec(in, user["exec"], cluster, out);
  if (!exec) return fail(exec.error());
  out.exec = std::move(*exec);
  out.origin.credentials = "exec " + out.exec.command;
  return {};
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
  return parse(*text, folder_of(path), path);
}

base::Result<Kubeconfig> Kubeconfig::parse(std::string_view text, std::string folder, std::string path) {
  auto document = data::parse_yaml(text);
  if (!document) return fail(document.error().code, path + ": " + document.error().message);
  if (!document->is_object() && !document->is_null()) return fail(Code::Invalid, path + ": not an object");
  Kubeconfig out;
  out.path_ = std::move(path);
  out.current_ = (*document)["current-context"].str();
  const auto take = [&](const char* list, const char* inner, std::vector<Entry>& into) {
    for (const Value& entry : (*document)[list].items())
      into.push_back({entry["name"].str(), entry[inner], out.path_, folder});
  };
  take("clusters", "cluster", out.clusters_);
  take("users", "user", out.users_);
  take("contexts", "context", out.contexts_);
  return out;
}

base::Result<Kubeconfig> Kubeconfig::load_all(const std::vector<std::string>& paths) {
  Kubeconfig out;
  bool any = false;
  for (const std::string& path : paths) {
    auto more = load(path);
    if (!more && more.error().code == Code::NotFound) continue;
    if (!more) return more;
    out.take_over(*more);
    any = true;
  }
  if (!any) return fail(Code::NotFound, "no kubeconfig: none of " + base::join(paths, ", ") + " is there");
  return out;
}

void Kubeconfig::take_over(const Kubeconfig& more) {
  path_ += (path_.empty() ? "" : ":") + more.path_;
  if (current_.empty()) current_ = more.current_;
  const auto merge = [](std::vector<Entry>& into, const std::vector<Entry>& from) {
    for (const Entry& entry : from)
      if (std::ranges::find(into, entry.name, &Entry::name) == into.end()) into.push_back(entry);
  };
  merge(clusters_, more.clusters_);
  merge(users_, more.users_);
  merge(contexts_, more.contexts_);
}

std::vector<std::string> Kubeconfig::contexts() const {
  std::vector<std::string> out;
  for (const Entry& context : contexts_) out.push_back(context.name);
  return out;
}

base::Result<Kubeconfig::Entry> Kubeconfig::named(const std::vector<Entry>& entries, const char* what,
                                                  const std::string& name) {
  const auto found = std::ranges::find(entries, name, &Entry::name);
  if (found != entries.end()) return *found;
  std::string there;
  for (const Entry& entry : entries) there += (there.empty() ? "" : ", ") + entry.name;
  return fail(Code::NotFound, "no " + std::string(what) + " is called \"" + name + "\"; there " +
                                  (there.empty()         ? "is none"
                                   : entries.size() == 1 ? "is " + there
                                                         : "are " + there));
}

base::Result<Connection> Kubeconfig::connection(const std::string& name) const {
  const std::string wanted = name.empty() ? current_ : name;
  if (wanted.empty())
    return fail(Code::NotFound,
                path_ + ": no current-context: name one with --context (" + base::join(contexts(), ", ") + ")");
  auto context = named(contexts_, "context", wanted);
  if (!context) return fail(context.error().code, path_ + ": " + context.error().message);
  const std::string at = context->file + ": context \"" + wanted + "\": ";
  auto cluster = named(clusters_, "cluster", context->content["cluster"].str());
  if (!cluster) return fail(cluster.error().code, at + cluster.error().message);
  Connection out{.origin = {.file = context->file, .context = wanted, .cluster = cluster->name}};
  const Reading at_cluster{cluster->content, cluster->file, cluster->folder, "cluster \"" + cluster->name + "\""};
  if (auto read = read_cluster(at_cluster, out); !read) return fail(read.error());
  if (const Value& user_name = context->content["user"]; !user_name.is_empty()) {
    auto user = named(users_, "user", user_name.str());
    if (!user) return fail(user.error().code, at + user.error().message);
    out.origin.user = user->name;
    const Reading at_user{user->content, user->file, user->folder, "user \"" + user->name + "\""};
    if (auto read = read_user(at_user, cluster->content, out); !read) return fail(read.error());
  }
  out.space = context->content["namespace"].str("default");
  return out;
}

base::Result<void> save_kubeconfig(const std::string& path, const Connection& connection, const std::string& name) {
  Value cluster = Value::object({{"server", connection.server}});
  set_data(cluster, "certificate-authority-data", connection.ca);
  if (connection.insecure) cluster.set("insecure-skip-tls-verify", true);
  if (!connection.server_name.empty()) cluster.set("tls-server-name", connection.server_name);
  if (!connection.proxy.empty()) cluster.set("proxy-url", connection.proxy);
  Value user = Value::object();
  set_data(user, "client-certificate-data", connection.certificate);
  set_data(user, "client-key-data", connection.key);
  if (!connection.token_file.empty())
    user.set("tokenFile", connection.token_file);
  else if (!connection.token.empty())
    user.set("token", connection.token);
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
