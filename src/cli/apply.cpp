// apply: all documents are read, resolved and tried by the server before the first one is written.
#include <algorithm>
#include <iterator>
#include <map>
#include <optional>
#include <span>

#include "base/strings.h"
#include "cli/commands.h"
#include "cli/exit.h"
#include "cli/held_route.h"
#include "cli/kinds.h"
#include "cli/manifest.h"
#include "cli/print.h"

namespace slipway::cli {
namespace {

using base::Code;
using data::Value;

struct Target {
  const Manifest* manifest;
  api::Resource resource;
  std::string space;
  std::string name() const { return manifest->content.value["metadata"]["name"].str(); }
  std::string text() const { return resource.qualified() + "/" + name(); }
};

client::Request get_request(const Target& t) {
  return {.verb = client::Verb::Get, .resource = t.resource, .space = t.space, .name = t.name()};
}

client::Request apply_request(const Target& t, const Apply& options, bool dry_run) {
  return {.verb = client::Verb::Patch,
          .resource = t.resource,
          .space = t.space,
          .name = t.name(),
          .body = t.manifest->content.value,
          .patch_type = client::PatchType::Apply,
          .field_manager = options.manager,
          .force = options.force,
          .dry_run = dry_run,
          .strict = true};
}

std::string text_of(const Manifest& manifest) {
  const Value& object = manifest.content.value;
  return object["kind"].str() + " " + object["metadata"]["name"].str();
}

// The documents before this one.
std::span<const Manifest> before(const Manifests& manifests, const Manifest& manifest) {
  return std::span(manifests.documents).first(static_cast<std::size_t>(&manifest - manifests.documents.data()));
}

// The CustomResourceDefinition that is about to bring the kind of this document.
bool is_definition_of(const Value& crd, const Value& object) {
  return crd["kind"].as_string() == "CustomResourceDefinition" && crd["spec"]["names"]["kind"] == object["kind"] &&
         object["apiVersion"].as_string().starts_with(crd["spec"]["group"].str() + "/");
}

// The server misses what this object is: the namespace of the document that it refused, or what that refers to
// (serviceaccount "web" not found).
bool is_missed(const Value& object, const Target& refused, const base::Error& error) {
  if (error.code != Code::NotFound && error.code != Code::Forbidden) return false;
  const std::string name = object["metadata"]["name"].str();
  if (object["kind"].as_string() == "Namespace") return error.code == Code::NotFound && refused.space == name;
  return error.message.contains("\"" + name + "\" not found");
}

std::optional<Target> resolve(const Setting& s, const Kinds& kinds, const Manifest& manifest, std::string& problem) {
  const Value& object = manifest.content.value;
  auto resource = kinds.find_kind(object["apiVersion"].as_string(), object["kind"].as_string());
  if (!resource) {
    problem = resource.error().message;
    return {};
  }
  Target target{&manifest, std::move(*resource), ""};
  if (target.resource.namespaced) target.space = object["metadata"]["namespace"].str(s.api.space());
  return target;
}

// What can be found out about the documents without writing.
struct Trial {
  std::vector<Problem> problems = {};
  ExitCode code = ExitCode::Reached;  // of the first problem
  bool conflict = false;
  std::map<const Manifest*, std::string> untried = {};  // why: what they need is made by the documents before them
  std::map<const Manifest*, std::string> split = {};    // routes that say what is there, but for the split of a Release

  void refuse(ExitCode how, std::vector<Problem> why) {
    if (problems.empty()) code = how;
    std::ranges::move(why, std::back_inserter(problems));
  }
};

void say_conflict(Setting& s) {
  s.terminal.talk("  another owner set these fields; --force-conflicts takes them over");
}

ExitCode report(Setting& s, const Trial& trial) {
  for (const Problem& problem : trial.problems) s.terminal.talk("error: " + to_text(problem));
  if (trial.conflict) say_conflict(s);
  s.terminal.talk("nothing was applied");
  return trial.code;
}

// A conflict about a route that a release under way has split. True: the document changes nothing but that.
bool is_only_split(Setting& s, const Target& target, const Apply& options, Trial& out) {
  const Value release = splitter_of(s, target.resource, target.space, target.name());
  if (release.is_null()) return false;
  const std::string name = release["metadata"]["name"].str();
  client::Request as_it_wants = apply_request(target, options, true);
  as_it_wants.force = true;
  const auto wanted = s.api.call(as_it_wants), live = s.api.call(get_request(target));
  const bool same = wanted && live && is_same_without_split(*live, *wanted, release);
  if (same)
    out.split[target.manifest] = name;
  else
    s.terminal.talk("  Release " + name + " splits " + target.text() +
                    " until its release has ended: apply it then (--force-conflicts takes the split away, and the "
                    "Release puts it back)");
  return same;
}

void try_document(Setting& s, const Manifests& manifests, const Target& target, const Apply& options, Trial& out) {
  const auto tried = s.api.call(apply_request(target, options, true));
  if (tried) return;
  const base::Error& error = tried.error();
  const Manifest& manifest = *target.manifest;
  for (const Manifest& earlier : before(manifests, manifest))
    if (is_missed(earlier.content.value, target, error)) return out.untried[&manifest] = text_of(earlier), void();
  // A webhook that could not take its effects back; it is no problem of the document.
  if (error.code == Code::BadRequest && error.message.contains("does not support dry run"))
    return out.untried[&manifest] = "the webhook's consent", void();
  if (error.code == Code::Conflict && is_only_split(s, target, options, out)) return;
  out.conflict = out.conflict || error.code == Code::Conflict;
  out.refuse(exit_code_of(error), problems_of(manifest, error));
}

Trial try_all(Setting& s, const Manifests& manifests, const Kinds& kinds, const Apply& options) {
  Trial out;
  for (const Manifest& manifest : manifests.documents) {
    std::string problem;
    if (const auto target = resolve(s, kinds, manifest, problem)) {
      try_document(s, manifests, *target, options, out);
      continue;
    }
    const auto earlier = before(manifests, manifest);
    const auto definition = std::ranges::find_if(
        earlier, [&](const Manifest& m) { return is_definition_of(m.content.value, manifest.content.value); });
    if (definition != earlier.end())
      out.untried[&manifest] = text_of(*definition);
    else
      out.refuse(ExitCode::Usage,
                 {{manifest.source, manifest.document, manifest.content.position_of("kind"), "kind", problem}});
  }
  return out;
}

std::string outcome_of(const base::Result<Value>& before, const Value& after, bool dry_run) {
  const bool same = before && (*before)["metadata"]["resourceVersion"] == after["metadata"]["resourceVersion"];
  return std::string(!before ? "created" : same ? "unchanged" : "configured") + (dry_run ? " (dry run)" : "");
}

ExitCode write(Setting& s, const Target& target, const Apply& options) {
  const auto before = s.api.call(get_request(target));
  if (!before && before.error().code != Code::NotFound) return tell(s, before.error());
  const auto after = s.api.call(apply_request(target, options, options.dry_run));
  if (!after) {
    for (const Problem& problem : problems_of(*target.manifest, after.error()))
      s.terminal.talk("error: " + to_text(problem));
    if (after.error().code == Code::Conflict) say_conflict(s);
    return exit_code_of(after.error());
  }
  const bool whole = options.format == Format::Json || options.format == Format::Yaml;
  if (whole)
    s.terminal.data((options.format == Format::Yaml ? "---\n" : "") + print_object(*after, options.format));
  else
    s.terminal.data(target.text() +
                    (options.format == Format::Name ? "" : " " + outcome_of(before, *after, options.dry_run)) + "\n");
  return ExitCode::Reached;
}

ExitCode write_document(Setting& s, Kinds& kinds, const Manifest& manifest, const Apply& options) {
  std::string problem;
  auto target = resolve(s, kinds, manifest, problem);
  if (!target) {  // its CustomResourceDefinition may have been written just now
    auto again = Kinds::discover(s.api);
    if (!again) return tell(s, again.error());
    kinds = std::move(*again);
    target = resolve(s, kinds, manifest, problem);
  }
  return target ? write(s, *target, options) : tell(s, {.code = Code::BadRequest, .message = problem});
}

// In their order, whatever becomes of those before.
ExitCode write_all(Setting& s, Kinds& kinds, const Manifests& manifests, const Trial& trial, const Apply& options) {
  ExitCode worst = ExitCode::Reached;
  std::vector<std::string> done, failed;
  for (const Manifest& manifest : manifests.documents) {
    if (const auto why = trial.untried.find(&manifest); options.dry_run && why != trial.untried.end()) {
      s.terminal.talk(text_of(manifest) + " cannot be tried without " + why->second);
      continue;
    }
    if (const auto release = trial.split.find(&manifest); release != trial.split.end()) {
      s.terminal.data(text_of(manifest) + " unchanged (Release " + release->second + " carries the traffic by it)\n");
      continue;
    }
    const ExitCode code = write_document(s, kinds, manifest, options);
    (code == ExitCode::Reached ? done : failed).push_back(text_of(manifest));
    if (code != ExitCode::Reached) worst = code;
  }
  if (!failed.empty() && !options.dry_run)
    s.terminal.talk("applied: " + (done.empty() ? "nothing" : base::join(done, ", ")) +
                    "; not applied: " + base::join(failed, ", "));
  return worst;
}

}  // namespace

ExitCode run(Setting& s, const Apply& options) {
  const Manifests manifests = load_manifests(options.files);
  if (!manifests.problems.empty()) return report(s, {.problems = manifests.problems, .code = ExitCode::Usage});
  auto kinds = Kinds::discover(s.api);
  if (!kinds) return tell(s, kinds.error());
  const Trial trial = try_all(s, manifests, *kinds, options);
  return trial.problems.empty() ? write_all(s, *kinds, manifests, trial, options) : report(s, trial);
}

}  // namespace slipway::cli
