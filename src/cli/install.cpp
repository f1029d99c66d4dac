// install: what a cluster is given for the controllers.
#include "api/meta.h"
#include "cli/exit.h"
#include "cli/installed.h"
#include "data/yaml.h"

namespace slipway::cli {
namespace {

using base::Code;
using client::Verb;
using data::Value;

constexpr const char* kManager = "slipway-install";
// How long a new kind may take to be served.
constexpr base::Duration kServePatience = base::seconds(30);

std::vector<Value> objects_of(const Install& install) {
  install::Options options = options_of(install.placement);
  options.image = install.image;
  if (install.definitions == Definitions::Only) return install::definitions();
  std::vector<Value> all =
      install.definitions == Definitions::Not ? install::controllers(options) : install::manifest(options);
  if (install.gateway)
    for (Value& each : install::gateway(options)) all.push_back(std::move(each));
  return all;
}

// A cluster without the Gateway API gets the gateway all the same, which waits for it; only the class has to come
// later.
bool is_early_class(const Value& object, const base::Error& error) {
  return object["kind"].as_string() == "GatewayClass" && error.code == Code::NotFound;
}

// A namespace that is there already stays the user's: it gets no label of ours, and so is not deleted by uninstall.
bool is_users_namespace(Setting& s, const Value& object) {
  if (object["kind"].as_string() != "Namespace") return false;
  const auto there = s.api.call(about(Verb::Get, object));
  return there && !is_ours(*there);
}

bool is_established(Setting& s, const Value& definition) {
  const auto there = s.api.call(about(Verb::Get, definition));
  return there && api::condition(*there, "Established")["status"].as_string() == "True";
}

// Can its objects be watched? A server first makes room for a new kind, and refuses for about a second what reads from
// its memory, as controllers do. Whoever has not the right to look cannot tell.
bool is_served(Setting& s, const Value& definition) {
  const Value& spec = definition["spec"];
  client::Request request{.verb = Verb::List,
                          .resource = {.group = spec["group"].str(),
                                       .version = spec["versions"].at(0)["name"].str(),
                                       .plural = spec["names"]["plural"].str(),
                                       .kind = spec["names"]["kind"].str(),
                                       .namespaced = spec["scope"].as_string() == "Namespaced"},
                          .limit = 1,
                          .resource_version = "0"};
  const auto listed = s.api.call(std::move(request));
  return listed || listed.error().code == Code::Forbidden;
}

base::Result<void> await_served(Setting& s, const std::vector<Value>& objects) {
  for (const Value& object : objects)
    if (is_definition(object) && !wait(s, kServePatience, [&] { return is_served(s, object); }))
      return base::fail(Code::Timeout, text_of(object) + " is not served: see its conditions");
  return {};
}

base::Result<void> apply(Setting& s, const Value& object) {
  client::Request request = about(Verb::Patch, object);
  request.body = object;
  request.patch_type = client::PatchType::Apply;
  request.field_manager = kManager;
  request.force = true;
  request.strict = true;
  const auto applied = s.api.call(std::move(request));
  if (!applied) return base::fail(about_object(object, applied.error()));
  if (!is_definition(object) || wait(s, kServePatience, [&] { return is_established(s, object); })) return {};
  return base::fail(Code::Timeout, text_of(object) + " is not accepted: see its conditions");
}

}  // namespace

std::string install_manifest(const Install& install) {
  std::string out;
  for (const Value& object : objects_of(install)) out += "---\n" + data::to_yaml(object);
  return out;
}

ExitCode run(Setting& s, const Install& install) {
  ExitCode end = ExitCode::Reached;
  const std::vector<Value> objects = objects_of(install);
  for (const Value& object : objects) {
    if (is_users_namespace(s, object)) continue;
    const auto applied = apply(s, object);
    if (applied) {
      s.terminal.talk(text_of(object) + " applied");
      continue;
    }
    if (is_early_class(object, applied.error())) {
      s.terminal.talk(
          "error: this cluster has no Gateway API: install its standard channel (v1), then run this again "
          "for the GatewayClass; everything else is installed meanwhile");
      end = ExitCode::Failed;
      continue;
    }
    const ExitCode code = tell(s, applied.error());
    if (is_definition(object) && applied.error().code == Code::Forbidden)
      s.terminal.talk(
          "  (an administrator applies the definitions: slipway install --definitions-only; you then add "
          "--no-definitions)");
    return code;
  }
  if (const auto served = await_served(s, objects); !served) return tell(s, served.error());
  return end;
}

}  // namespace slipway::cli
