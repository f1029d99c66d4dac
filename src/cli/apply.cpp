// apply: all documents are read, resolved and checked before the first one is written.
#include <algorithm>
#include <iterator>
#include <optional>

#include "cli/commands.h"
#include "cli/exit.h"
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

// The kinds that CustomResourceDefinitions among the documents are about to bring.
bool is_announced(const Manifests& manifests, const Value& object) {
  return std::ranges::any_of(manifests.documents, [&](const Manifest& m) {
    const Value& crd = m.content.value;
    return crd["kind"].as_string() == "CustomResourceDefinition" && crd["spec"]["names"]["kind"] == object["kind"] &&
           object["apiVersion"].as_string().starts_with(crd["spec"]["group"].str() + "/");
  });
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

// Refusals for what a document says. What may only be missing until another document is written does not count.
bool is_about_the_document(const base::Error& error) {
  return error.code == Code::Invalid || error.code == Code::BadRequest || error.code == Code::UnsupportedMediaType;
}

ExitCode report(Setting& s, const std::vector<Problem>& problems) {
  for (const Problem& problem : problems) s.terminal.talk("error: " + to_text(problem));
  s.terminal.talk("nothing was applied");
  return ExitCode::Usage;
}

void append(std::vector<Problem>& to, std::vector<Problem> from) { std::ranges::move(from, std::back_inserter(to)); }

// Every problem of every document that can be found without writing.
std::vector<Problem> check(Setting& s, const Manifests& manifests, const Kinds& kinds, const Apply& options) {
  std::vector<Problem> problems;
  for (const Manifest& manifest : manifests.documents) {
    std::string problem;
    auto target = resolve(s, kinds, manifest, problem);
    if (!target && is_announced(manifests, manifest.content.value)) continue;
    if (!target) {
      problems.push_back({manifest.source, manifest.document, manifest.content.position_of("kind"), "kind", problem});
      continue;
    }
    const auto tried = s.api.call(apply_request(*target, options, true));
    if (!tried && is_about_the_document(tried.error())) append(problems, problems_of(manifest, tried.error()));
  }
  return problems;
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
    if (after.error().code == Code::Conflict)
      s.terminal.talk("  another owner set these fields; --force-conflicts takes them over");
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

}  // namespace

ExitCode run(Setting& s, const Apply& options) {
  const Manifests manifests = load_manifests(options.files);
  if (!manifests.problems.empty()) return report(s, manifests.problems);
  auto kinds = Kinds::discover(s.api);
  if (!kinds) return tell(s, kinds.error());
  const std::vector<Problem> problems = check(s, manifests, *kinds, options);
  if (!problems.empty()) return report(s, problems);
  ExitCode worst = ExitCode::Reached;
  for (const Manifest& manifest : manifests.documents)
    if (const ExitCode code = write_document(s, *kinds, manifest, options); code != ExitCode::Reached) worst = code;
  return worst;
}

}  // namespace slipway::cli
