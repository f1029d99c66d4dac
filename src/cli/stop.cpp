// stop --all, resume --all: the administrator's stop of all releases, a field of the ReleasePolicy.
#include "cli/stop.h"

#include "api/kinds/release_rules.h"
#include "api/meta.h"
#include "cli/commands.h"
#include "cli/exit.h"
#include "view/text.h"

namespace slipway::cli {
namespace {

using base::Code;
using data::Value;

const std::string kName(api::kPolicyName);

base::Result<Value> patch_policy(Setting& s, Value stop) {
  return s.api.patch(api::kReleasePolicies, kName, client::PatchType::Merge,
                     Value::object({{"spec", Value::object({{"stop", std::move(stop)}})}}));
}

base::Result<Value> create_policy(Setting& s, Value stop) {
  return s.api.call({.verb = client::Verb::Create,
                     .resource = api::kReleasePolicies,
                     .body = Value::object({{"apiVersion", api::kReleasePolicies.api_version()},
                                            {"kind", api::kReleasePolicies.kind},
                                            {"metadata", Value::object({{"name", kName}})},
                                            {"spec", Value::object({{"stop", std::move(stop)}})}})});
}

}  // namespace

Value find_stop(Setting& s) {
  const auto policy = s.api.get(api::kReleasePolicies, kName);
  return policy ? (*policy)["spec"]["stop"] : Value();
}

std::string stop_text(const Value& stop, base::Time now) {
  if (!stop.is_object()) return "";
  std::string out = "all releases are stopped";
  if (stop.has("by")) out += " by " + stop["by"].str();
  if (const auto since = api::time_at(stop["since"]))
    out += " since " + base::format_time(*since) + " (" + base::human_duration(now - *since) + ")";
  return view::one_line(out + ": " + stop["reason"].str()) + "; ways back still go, and slipway resume --all ends it\n";
}

std::string person(Setting& s) {
  static const api::Resource kSelf{"authentication.k8s.io", "v1", "selfsubjectreviews", "SelfSubjectReview", false};
  const auto answer = s.api.call({.verb = client::Verb::Create,
                                  .resource = kSelf,
                                  .body = Value::object({{"apiVersion", kSelf.api_version()}, {"kind", kSelf.kind}})});
  const std::string known = answer ? (*answer)["status"]["userInfo"]["username"].str() : "";
  const std::string& here = s.api.user();
  if (known.empty() || here.empty() || known == here) return known.empty() ? here : known;
  return known + " (" + here + ")";
}

ExitCode run(Setting& s, const Stop& stop) {
  Value field = Value::object({{"reason", stop.reason}, {"since", base::format_micro_time(s.api.now())}});
  if (const std::string by = person(s); !by.empty()) field.set("by", by);
  auto done = patch_policy(s, field);
  if (!done && done.error().code == Code::NotFound) done = create_policy(s, field);
  if (!done) return tell(s, done.error());
  s.terminal.talk("no release goes forward at " + s.api.server() + " until slipway resume --all; ways back still do");
  return ExitCode::Reached;
}

ExitCode end_stop(Setting& s) {
  const auto policy = s.api.get(api::kReleasePolicies, kName);
  if (!policy && policy.error().code != Code::NotFound) return tell(s, policy.error());
  const Value& stop = policy ? (*policy)["spec"]["stop"] : data::kNull;
  if (!stop.is_object()) return s.terminal.talk("nothing is stopped"), ExitCode::Reached;
  if (const auto done = patch_policy(s, Value()); !done) return tell(s, done.error());
  s.terminal.talk("releases go forward again; they were stopped" +
                  (stop.has("by") ? " by " + stop["by"].str() : std::string()) + ": " + stop["reason"].str());
  return ExitCode::Reached;
}

}  // namespace slipway::cli
