#include "cli/verdict.h"

#include <fmt/format.h>

#include <algorithm>

#include "api/meta.h"
#include "control/pod.h"
#include "control/pod_template.h"
#include "delivery/observe_in_place.h"
#include "delivery/plan/compile.h"
#include "delivery/state.h"
#include "delivery/troubles/of_pod.h"

namespace slipway::cli {
namespace {

using data::Value;
using delivery::Phase;

// A Deployment without a Release: as `kubectl rollout status` decides.
Verdict judge_deployment(const Value& d) {
  const std::int64_t wanted = d["spec"]["replicas"].as_int(1);
  const Value& status = d["status"];
  if (status["observedGeneration"].as_int() < api::generation_of(d)) return Verdict::Working;
  if (api::condition(d, "Progressing")["reason"].as_string() == "ProgressDeadlineExceeded") return Verdict::RolledBack;
  const bool done = status["updatedReplicas"].as_int() >= wanted &&
                    status["replicas"].as_int() == status["updatedReplicas"].as_int() &&
                    status["availableReplicas"].as_int() >= wanted;
  if (!done && d["spec"]["paused"].as_bool()) return Verdict::Paused;
  return done ? Verdict::Healthy : Verdict::Working;
}

// The workload asks for this version.
template <class Revision>
bool is_wanted(const std::optional<Revision>& revision, const Sight& sight) {
  const Value& pod_template = sight.asked_template;
  const bool in_place = delivery::plan::is_in_place(delivery::plan::target_kind_of(sight.objects.release));
  return revision && revision->template_hash == (in_place ? delivery::placed_template_hash(pod_template)
                                                          : control::template_hash(pod_template));
}

// Or it has been given the stable one's template since.
bool is_rejected(const delivery::State& s, const Sight& sight) {
  return is_wanted(s.rejected, sight) || (s.rejected && s.rejected->restored && is_wanted(s.stable, sight));
}

}  // namespace

std::string_view to_text(Verdict verdict) {
  constexpr std::string_view kTexts[] = {"working", "healthy", "paused", "rolled back", "invalid"};
  return kTexts[static_cast<int>(verdict)];
}

Verdict judge(const Sight& sight) {
  if (!sight.has_release()) return judge_deployment(sight.deployment);
  const delivery::State s = delivery::read_state(sight.objects.release["status"]);
  if (s.observed_generation < api::generation_of(sight.objects.release)) return Verdict::Working;
  switch (s.phase) {
    case Phase::Invalid:
      return Verdict::Invalid;
    case Phase::Idle:
      return is_wanted(s.stable, sight) ? Verdict::Healthy : Verdict::Working;
    case Phase::RolledBack:
      return is_rejected(s, sight) ? Verdict::RolledBack : Verdict::Working;
    case Phase::Keeping:
      return is_wanted(s.candidate, sight) ? Verdict::Healthy : Verdict::Working;
    case Phase::Paused:
      return is_wanted(s.candidate, sight) ? Verdict::Paused : Verdict::Working;
    case Phase::Pending:
    case Phase::Waiting:
    case Phase::Progressing:
    case Phase::Promoting:
    case Phase::RollingBack:
    case Phase::Verifying:
      return Verdict::Working;
  }
  return Verdict::Working;
}

namespace {

// Has the release of what is wanted come to step N (1-based)?
bool is_at_step(const Sight& sight, int step) {
  const delivery::State s = delivery::read_state(sight.objects.release["status"]);
  const bool forward = s.phase == Phase::Progressing || s.phase == Phase::Paused || s.phase == Phase::Waiting ||
                       s.phase == Phase::Promoting;
  return forward && is_wanted(s.candidate, sight) && s.user_step + 1 >= step;
}

}  // namespace

namespace {

// Longer than what the controllers bear by themselves: who waits sees the release turn back then.
constexpr base::Duration kInVain = base::seconds(90);

bool is_expected(const Value& release, delivery::TroubleKind kind) {
  for (const Value& policy : release["spec"]["guards"]["troubles"].items())
    if (policy["trouble"].as_string() == delivery::entry_of(kind).name) return policy["action"].as_string() == "Wait";
  return false;
}

// Whose trouble holds the release up: on the way back that of the stable version, else that of the new ones.
bool holds_up(const delivery::State& s, const delivery::Trouble& t) {
  if (t.version.empty() || !s.stable) return true;
  const bool back = s.phase == Phase::RollingBack || s.phase == Phase::Verifying;
  return back == (t.version == s.stable->hash);
}

}  // namespace

std::vector<delivery::Trouble> troubles_of(const Sight& sight) {
  if (sight.has_release()) return delivery::read_state(sight.objects.release["status"]).troubles;
  std::vector<delivery::Trouble> out;
  for (const Value& pod : sight.objects.pods) {
    const auto found = delivery::health_of(pod, data::kNull, sight.now).trouble;
    if (!found || !control::is_active(pod)) continue;
    delivery::Trouble t{.kind = found->kind,
                        .cure = found->cure,
                        .object = "Pod " + std::string(api::name_of(pod)),
                        .message = found->message,
                        .since = api::time_at(pod["metadata"]["creationTimestamp"])};
    const auto known = std::ranges::find_if(out, [&](const delivery::Trouble& other) { return other.is_same(t); });
    known == out.end() ? out.push_back(std::move(t)) : void(++known->count);
  }
  return out;
}

std::string hopeless(const Sight& sight) {
  if (judge(sight) != Verdict::Working) return "";
  const delivery::State s = delivery::read_state(sight.objects.release["status"]);
  for (const delivery::Trouble& t : troubles_of(sight))
    if (t.cure != delivery::Cure::Time && !t.overruled && t.since && sight.now >= *t.since + kInVain &&
        !is_expected(sight.objects.release, t.kind) && holds_up(s, t))
      return delivery::to_text(t);
  return "";
}

std::string impossible(const Until& until, const Sight& sight) {
  if (until.goal != Until::Goal::Step || !sight.has_release()) return "";
  const auto count = std::ssize(delivery::plan::step_names(sight.objects.release["spec"]));
  if (until.step <= count) return "";
  return fmt::format("--until step={}: release/{} has {} step{}", until.step, api::name_of(sight.objects.release),
                     count, count == 1 ? "" : "s");
}

std::optional<ExitCode> reached(const Until& until, const Sight& sight) {
  const Verdict verdict = judge(sight);
  if (verdict == Verdict::Healthy) return ExitCode::Reached;
  if (verdict == Verdict::RolledBack || verdict == Verdict::Invalid) return ExitCode::EndedBadly;
  if (until.goal != Until::Goal::Now && until.goal != Until::Goal::Done && !hopeless(sight).empty())
    return ExitCode::EndedBadly;
  switch (until.goal) {
    case Until::Goal::Now:
      return ExitCode::Reached;
    case Until::Goal::Done:
      return {};
    case Until::Goal::Paused:
      return verdict == Verdict::Paused ? std::optional(ExitCode::Reached) : std::nullopt;
    case Until::Goal::Step:
      if (is_at_step(sight, until.step)) return ExitCode::Reached;
      [[fallthrough]];
    case Until::Goal::Healthy:
      return verdict == Verdict::Paused ? std::optional(ExitCode::WaitsForPerson) : std::nullopt;
  }
  return {};
}

}  // namespace slipway::cli
