// get, delete, version.
#include <algorithm>

#include "base/strings.h"
#include "cli/commands.h"
#include "cli/exit.h"
#include "cli/kinds.h"
#include "cli/manifest.h"
#include "cli/print.h"
#include "client/https_client.h"
#include "data/json.h"

namespace slipway::cli {
namespace {

using base::Code;
using data::Value;

constexpr const char* kTable = "application/json;as=Table;v=v1;g=meta.k8s.io,application/json";

// Objects that a command line names: all of a type when `name` is empty.
struct Wanted {
  api::Resource resource;
  std::string name = {};
  std::string space = {};
};

// "pods,services", "pods a b", "pod/a deploy/b".
base::Result<std::vector<Wanted>> read_what(const Setting& s, const Kinds& kinds,
                                            const std::vector<std::string>& what) {
  std::vector<Wanted> out;
  const auto add = [&](std::string_view type, const std::string& name) -> base::Result<void> {
    auto resource = kinds.find(type);
    if (!resource) return std::unexpected(std::move(resource.error()));
    out.push_back({*resource, name, resource->namespaced ? s.api.space() : ""});
    return {};
  };
  const bool pairs = std::ranges::any_of(what, [](const std::string& w) { return w.find('/') != w.npos; });
  for (std::size_t i = pairs || what.size() == 1 ? 0 : 1; i < what.size(); ++i) {
    const std::size_t slash = what[i].find('/');
    if (pairs && slash == what[i].npos)
      return base::fail(Code::BadRequest, "\"" + what[i] + "\" is not of the form TYPE/NAME, as the others are");
    const std::string types = pairs ? what[i].substr(0, slash) : what[0];
    const std::string name = pairs ? what[i].substr(slash + 1) : what.size() > 1 ? what[i] : "";
    for (std::string_view type : base::split(types, ','))
      if (auto added = add(type, name); !added) return std::unexpected(std::move(added.error()));
  }
  return out;
}

client::Request request_for(const Wanted& wanted, const Get& get) {
  const bool one = !wanted.name.empty();
  return {.verb = one ? client::Verb::Get : client::Verb::List,
          .resource = wanted.resource,
          .space = wanted.space,
          .name = wanted.name,
          .label_selector = get.selector,
          .field_selector = get.field_selector};
}

// One object, or the items of a list with their kind, which lists leave out.
void add_items(const Wanted& wanted, const Value& answer, std::vector<Value>& out) {
  if (!wanted.name.empty()) return out.push_back(answer);
  for (Value item : answer["items"].items()) {
    item.set("apiVersion", wanted.resource.api_version());
    item.set("kind", wanted.resource.kind);
    out.push_back(std::move(item));
  }
}

ExitCode print_whole(Setting& s, const std::vector<Wanted>& wanted, const Get& get) {
  std::vector<Value> items;
  for (const Wanted& w : wanted) {
    const auto answer = s.api.call(request_for(w, get));
    if (!answer) return tell(s, answer.error());
    const std::size_t before = items.size();
    add_items(w, *answer, items);
    if (get.format != Format::Name) continue;
    for (std::size_t i = before; i < items.size(); ++i)
      s.terminal.data(w.resource.qualified() + "/" + items[i]["metadata"]["name"].str() + "\n");
  }
  if (get.format == Format::Name) return ExitCode::Reached;
  const bool single = wanted.size() == 1 && !wanted[0].name.empty();
  const Value list = Value::object({{"apiVersion", "v1"},
                                    {"kind", "List"},
                                    {"metadata", Value::object({{"resourceVersion", ""}})},
                                    {"items", Value::array_of(items)}});
  s.terminal.data(print_object(single ? items[0] : list, get.format));
  return ExitCode::Reached;
}

base::Result<Value> fetch_table(Setting& s, const Wanted& wanted, const Get& get) {
  const auto body = s.api.fetch(client::url_of(request_for(wanted, get)), kTable);
  if (!body) return std::unexpected(body.error());
  return data::parse_json(*body);
}

// Tables of one type belong together; between types stands an empty line.
ExitCode print_text(Setting& s, const std::vector<Wanted>& wanted, const Get& get) {
  ExitCode code = ExitCode::Reached;
  std::string out;
  for (std::size_t i = 0; i < wanted.size();) {
    std::vector<Value> tables;
    const std::size_t first = i;
    for (; i < wanted.size() && wanted[i].resource == wanted[first].resource; ++i) {
      auto table = fetch_table(s, wanted[i], get);
      if (!table)
        code = tell(s, table.error());
      else
        tables.push_back(std::move(*table));
    }
    const std::string text = print_tables(tables, get.format == Format::Wide, get.headers,
                                          s.all_spaces && wanted[first].resource.namespaced);
    if (!text.empty()) out += (out.empty() ? "" : "\n") + text;
  }
  s.terminal.data(out);
  if (out.empty() && code == ExitCode::Reached)
    s.terminal.talk("No resources found" +
                    (s.all_spaces || wanted[0].space.empty() ? "." : " in namespace " + wanted[0].space + "."));
  return code;
}

// Waits until the object with this uid is gone.
ExitCode wait_until_gone(Setting& s, const Wanted& w, const Value& uid) {
  for (;;) {
    const auto now = s.api.call(request_for(w, {}));
    if (!now && now.error().code == Code::NotFound) return ExitCode::Reached;
    if (!now) return tell(s, now.error());
    if (!((*now)["metadata"]["uid"] == uid)) return ExitCode::Reached;
    if (!s.api.pause(base::milliseconds(100))) return ExitCode::Interrupted;
  }
}

ExitCode delete_one(Setting& s, const Wanted& w, bool ignore_absent) {
  const auto before = s.api.call(request_for(w, {}));
  if (!before && before.error().code == Code::NotFound && ignore_absent) return ExitCode::Reached;
  if (!before) return tell(s, before.error());
  const Value& uid = (*before)["metadata"]["uid"];
  const Value options = Value::object({{"apiVersion", "v1"},
                                       {"kind", "DeleteOptions"},
                                       {"propagationPolicy", "Background"},
                                       {"preconditions", Value::object({{"uid", uid}})}});
  const auto gone = s.api.call(
      {.verb = client::Verb::Delete, .resource = w.resource, .space = w.space, .name = w.name, .body = options});
  if (!gone && gone.error().code != Code::NotFound) return tell(s, gone.error());
  s.terminal.data(w.resource.qualified() + "/" + w.name + " deleted\n");
  return wait_until_gone(s, w, uid);
}

base::Result<std::vector<Wanted>> of_manifests(Setting& s, const Kinds& kinds, const Delete& remove,
                                               std::vector<Problem>& problems) {
  std::vector<Wanted> out;
  const Manifests manifests = load_manifests(remove.files);
  problems = manifests.problems;
  for (const Manifest& m : manifests.documents) {
    const Value& object = m.content.value;
    const auto resource = kinds.find_kind(object["apiVersion"].as_string(), object["kind"].as_string());
    if (!resource) return std::unexpected(resource.error());
    out.push_back({*resource, object["metadata"]["name"].str(),
                   resource->namespaced ? object["metadata"]["namespace"].str(s.api.space()) : ""});
  }
  return out;
}

// The objects that match the selector, each by its name.
base::Result<std::vector<Wanted>> select(Setting& s, const std::vector<Wanted>& wanted, const Delete& remove) {
  std::vector<Wanted> out;
  for (const Wanted& w : wanted) {
    if (!w.name.empty()) {
      out.push_back(w);
      continue;
    }
    if (remove.selector.empty())
      return base::fail(Code::BadRequest, "which " + w.resource.plural + "? Give names or --selector");
    const auto list = s.api.call(request_for(w, {.selector = remove.selector}));
    if (!list) return std::unexpected(list.error());
    for (const Value& item : (*list)["items"].items())
      out.push_back({w.resource, item["metadata"]["name"].str(), item["metadata"]["namespace"].str()});
  }
  return out;
}

}  // namespace

ExitCode run(Setting& s, const Get& get) {
  const auto kinds = Kinds::discover(s.api);
  if (!kinds) return tell(s, kinds.error());
  const auto wanted = read_what(s, *kinds, get.what);
  if (!wanted) return tell(s, wanted.error());
  const bool text = get.format == Format::Text || get.format == Format::Wide;
  return text ? print_text(s, *wanted, get) : print_whole(s, *wanted, get);
}

ExitCode run(Setting& s, const Delete& remove) {
  const auto kinds = Kinds::discover(s.api);
  if (!kinds) return tell(s, kinds.error());
  std::vector<Problem> problems;
  auto wanted = remove.files.empty() ? read_what(s, *kinds, remove.what) : of_manifests(s, *kinds, remove, problems);
  for (const Problem& problem : problems) s.terminal.talk("error: " + to_text(problem));
  if (!problems.empty()) return ExitCode::Usage;
  if (wanted) wanted = select(s, *wanted, remove);
  if (!wanted) return tell(s, wanted.error());
  ExitCode worst = ExitCode::Reached;
  for (const Wanted& w : *wanted)
    if (const ExitCode code = delete_one(s, w, remove.ignore_absent); code != ExitCode::Reached) worst = code;
  return worst;
}

ExitCode run(Setting& s, const Version& version) {
  Value out = Value::object({{"clientVersion", Value::object({{"slipway", SLIPWAY_VERSION}})}});
  if (!version.client_only) {
    const auto body = s.api.fetch("/version", "application/json");
    if (!body) s.terminal.data("slipway " SLIPWAY_VERSION "\n");
    if (!body) return tell(s, body.error());
    const auto server = data::parse_json(*body);
    if (!server) return tell(s, server.error());
    out.set("serverVersion", *server);
  }
  if (version.format == Format::Json || version.format == Format::Yaml) {
    s.terminal.data(print_object(out, version.format));
    return ExitCode::Reached;
  }
  s.terminal.data("slipway " SLIPWAY_VERSION "\n");
  if (!version.client_only)
    s.terminal.data("server  " + out["serverVersion"]["gitVersion"].str() + "  " + s.api.server() + "\n");
  return ExitCode::Reached;
}

}  // namespace slipway::cli
