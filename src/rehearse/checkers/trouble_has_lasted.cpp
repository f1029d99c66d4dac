// A release turns back as stuck only when a pod of its candidate has shown for as long as such a trouble is borne that
// its image cannot be had.
//
// Times are those of the truth. After a jump of the wall clock, by which the controllers reckon, nothing is said.
#include <fmt/format.h>

#include <map>

#include "base/time.h"
#include "delivery/plan/plan.h"
#include "rehearse/checkers/checkers.h"

namespace slipway::rehearse {
namespace {

using data::Value;

bool has_no_image(const Value& pod) {
  for (const Value& container : pod["status"]["containerStatuses"].items())
    if (container["state"]["waiting"]["reason"].as_string() == "ErrImagePull") return true;
  return false;
}

std::string hash_of_pod(const Value& pod) {
  const std::string_view in_place = api::label(pod, "controller-revision-hash");
  return std::string(in_place.empty() ? api::label(pod, "pod-template-hash") : in_place);
}

class TroubleHasLasted final : public Checker {
 public:
  std::string_view name() const override { return "trouble-has-lasted"; }

  std::optional<std::string> changed(const Truth& truth, const store::Change& change) override {
    const std::string& resource = change.entry->key.resource;
    const Value& object = change.entry->object;
    if (resource == api::kPods.qualified() && has_no_image(object)) first_.try_emplace(hash_of_pod(object), truth.now);
    if (resource != api::kReleases.qualified() || change.kind != store::Change::Kind::Put) return {};
    const Value& rollback = object["status"]["rollback"];
    const bool begins = !change.previous || !change.previous->object["status"]["rollback"].is_object();
    if (!begins || rollback["cause"].as_string() != "Stuck" || !rollback["message"].as_string().contains("REL-P03"))
      return {};
    return judge(truth, rollback["from"]["hash"].str(), patience_of(object));
  }

 private:
  static base::Duration patience_of(const Value& release) {
    for (const Value& policy : release["spec"]["guards"]["troubles"].items())
      if (policy["trouble"].as_string() == "ImagePull")
        return base::parse_duration(policy["after"].as_string()).value_or(delivery::plan::kHopeless);
    return delivery::plan::kHopeless;
  }

  std::optional<std::string> judge(const Truth& truth, const std::string& hash, base::Duration patience) const {
    // The hash of pods that are replaced in place has the workload's name before it.
    base::Time since = truth.now;
    for (const auto& [of_pod, first] : first_)
      if (of_pod == hash || of_pod.ends_with("-" + hash)) since = std::min(since, first);
    if (truth.jumped && *truth.jumped >= since) return {};
    const base::Duration lasted = truth.now - since + truth.behind;
    if (lasted >= patience) return {};
    return fmt::format("version {} is taken back as stuck, and its pods have shown that for {} only", hash,
                       base::format_duration(truth.now - since));
  }

  std::map<std::string, base::Time> first_;  // by the hash of the version: the first pod without its image
};

}  // namespace

std::unique_ptr<Checker> make_trouble_has_lasted() { return std::make_unique<TroubleHasLasted>(); }

}  // namespace slipway::rehearse
