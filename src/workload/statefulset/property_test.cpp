// Random worlds: whatever users, nodes and crashes do, pods have their order, and a partition holds.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "workload/revisions/history.h"
#include "workload/statefulset/test_set.h"

namespace slipway::workload::statefulset {
namespace {

using base::seconds;
using control::Create;
using control::Delete;
using data::Value;
using testing::Cluster;
using testing::image_of;
using testing::set_image;
using testing::set_of;

int pick(int from, int to) { return *rc::gen::inRange(from, to); }

// What a decision may do, seen from before it.
class Judge {
 public:
  Judge(const Cluster& before, const control::Decision& decision) : before_(before), decision_(decision) {}

  void judge() {
    for (const control::Effect& effect : decision_.effects) {
      if (const auto* create = std::get_if<Create>(&effect); create && create->resource == api::kPods)
        judge_create(*create);
      if (const auto* gone = std::get_if<Delete>(&effect); gone && gone->resource == api::kPods) judge_delete(*gone);
    }
    RC_ASSERT(updated_ <= 1);
    RC_ASSERT(!in_order() || created_ + updated_ + condemned_ <= 1);
  }

 private:
  std::int64_t first() const { return before_.set["spec"]["ordinals"]["start"].as_int(); }
  std::int64_t end() const { return first() + before_.set["spec"]["replicas"].as_int(); }
  std::int64_t partition() const {
    return first() + before_.set["spec"]["updateStrategy"]["rollingUpdate"]["partition"].as_int();
  }
  bool in_order() const { return before_.set["spec"]["podManagementPolicy"].as_string() == "OrderedReady"; }
  bool rolls() const { return before_.set["spec"]["updateStrategy"]["type"].as_string() == "RollingUpdate"; }
  bool well(std::int64_t ordinal) const {
    const auto it = before_.pods.find(pod_name(before_.set, ordinal));
    if (it == before_.pods.end() || api::is_deleting(it->second)) return false;
    return control::is_available(it->second, control::min_ready_of(before_.set), before_.now);
  }

  // Ordinals have no gaps: in order, everything below is well when one is made.
  void judge_create(const Create& create) {
    ++created_;
    const auto ordinal = ordinal_of(before_.set, create.object);
    RC_ASSERT(ordinal.has_value());
    RC_ASSERT(*ordinal >= first());
    RC_ASSERT(*ordinal < end());
    for (std::int64_t below = first(); in_order() && below < *ordinal; ++below) RC_ASSERT(well(below));
    const Value& status = before_.set["status"];
    const bool known = before_.revisions.contains(status["currentRevision"].str());
    if (known && *ordinal < partition())
      RC_ASSERT(api::label(create.object, revisions::kPodLabel) == status["currentRevision"].as_string());
  }

  void judge_delete(const Delete& gone) {
    const Value& pod = before_.pods.at(gone.name);
    const std::int64_t ordinal = *ordinal_of(before_.set, pod);
    if (ordinal < first() || ordinal >= end()) {
      ++condemned_;
      for (const auto& [name, other] : before_.pods)
        RC_ASSERT(!in_order() || *ordinal_of(before_.set, other) <= ordinal ||
                  (*ordinal_of(before_.set, other) < end() && *ordinal_of(before_.set, other) >= first()));
    } else if (!control::is_terminal(pod)) {
      ++updated_;
      RC_ASSERT(rolls());
      RC_ASSERT(ordinal >= partition());
      RC_ASSERT(api::label(pod, revisions::kPodLabel) != decision_.status["updateRevision"].as_string());
      for (std::int64_t above = ordinal + 1; above < end(); ++above) RC_ASSERT(well(above));
    }
  }

  const Cluster& before_;
  const control::Decision& decision_;
  int created_ = 0, updated_ = 0, condemned_ = 0;
};

void user_acts(Cluster& cluster) {
  switch (pick(0, 8)) {
    case 0:
      return set_image(cluster.set, "db:" + std::to_string(pick(1, 4)));
    case 1:
      cluster.set.set({"spec", "replicas"}, pick(0, 6));
      return;
    case 2:
      if (cluster.set["spec"]["updateStrategy"]["type"].as_string() == "RollingUpdate")
        cluster.set.set({"spec", "updateStrategy", "rollingUpdate", "partition"}, pick(0, 6));
      return;
    case 3:
      cluster.set.set({"spec", "ordinals", "start"}, pick(0, 3));
      return;
    case 4:
      cluster.set.set({"spec", "updateStrategy"}, Value::object({{"type", "OnDelete"}}));
      return;
    case 5:
      cluster.set.set({"spec", "updateStrategy"}, set_of(1)["spec"]["updateStrategy"]);
      return;
    default:
      return;
  }
}

void nodes_act(Cluster& cluster) {
  for (const auto& [name, pod] : std::map(cluster.pods)) {
    const int what = pick(0, 10);
    if (api::is_deleting(pod)) {
      if (what < 5) cluster.forget(name);
    } else if (what < 5) {
      if (!control::is_terminal(pod)) cluster.make_ready(name);
    } else if (what == 5) {
      cluster.make_ready(name, "Running", false);
    } else if (what == 6) {
      cluster.make_ready(name, pick(0, 2) == 0 ? "Failed" : "Succeeded", false);
    } else if (what == 7) {
      cluster.forget(name);
    }
  }
}

RC_GTEST_PROP(StatefulSetWorld, Keeps_its_order_and_comes_to_rest, ()) {
  Cluster cluster(set_of(pick(0, 6)));
  if (pick(0, 2) == 0) cluster.set.set({"spec", "podManagementPolicy"}, "Parallel");
  if (pick(0, 3) == 0) cluster.set.set({"spec", "minReadySeconds"}, 5);
  cluster.set.set({"spec", "revisionHistoryLimit"}, pick(0, 3));
  for (int round = 0; round < 40; ++round) {
    const Cluster before = cluster;
    const bool crashes = pick(0, 8) == 0;
    const control::Decision decision = cluster.decide(crashes ? static_cast<std::size_t>(pick(0, 3)) : Cluster::kAll);
    Judge(before, decision).judge();
    nodes_act(cluster);
    if (pick(0, 4) == 0) user_acts(cluster);
    cluster.now += seconds(pick(0, 4));
  }
  cluster.set.set({"spec", "updateStrategy"}, set_of(1)["spec"]["updateStrategy"]);
  cluster.set.set({"spec", "minReadySeconds"}, 0);
  cluster.settle();
  const std::int64_t first = cluster.set["spec"]["ordinals"]["start"].as_int();
  const std::int64_t wanted = cluster.set["spec"]["replicas"].as_int();
  RC_ASSERT(cluster.pods.size() == static_cast<std::size_t>(wanted));
  for (std::int64_t ordinal = first; ordinal < first + wanted; ++ordinal) {
    const Value& pod = cluster.pods.at(pod_name(cluster.set, ordinal));
    RC_ASSERT(control::is_ready(pod));
    RC_ASSERT(image_of(pod) == image_of(Value::object({{"spec", cluster.set["spec"]["template"]["spec"]}})));
  }
  const Value& status = cluster.set["status"];
  RC_ASSERT(status["updatedReplicas"].as_int() == wanted);
  RC_ASSERT(status["currentRevision"] == status["updateRevision"]);
  RC_ASSERT(cluster.revisions.size() <=
            1u + static_cast<std::size_t>(cluster.set["spec"]["revisionHistoryLimit"].as_int()));
}

// Versions above the partition follow the template wherever it goes; those below keep theirs, through every loss.
RC_GTEST_PROP(StatefulSetWorld, A_partition_holds_through_losses, ()) {
  const int replicas = pick(1, 6), partition = pick(0, 7);
  Cluster cluster(set_of(replicas));
  cluster.settle();
  cluster.set.set({"spec", "updateStrategy", "rollingUpdate", "partition"}, partition);
  std::string image = "db:1";
  for (int round = 0; round < 10; ++round) {
    if (pick(0, 2) == 0) set_image(cluster.set, image = "db:" + std::to_string(pick(2, 5)));
    const std::string victim = pod_name(cluster.set, pick(0, replicas));
    if (pick(0, 2) == 0) cluster.forget(victim);
    cluster.settle();
    for (int ordinal = 0; ordinal < replicas; ++ordinal)
      RC_ASSERT(image_of(cluster.pods.at(pod_name(cluster.set, ordinal))) == (ordinal < partition ? "db:1" : image));
  }
}

}  // namespace
}  // namespace slipway::workload::statefulset
