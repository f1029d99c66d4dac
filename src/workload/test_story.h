// What StatefulSets and DaemonSets do, told once: played with our own controllers (sets_story_test.cpp), and with the
// original ones as an oracle (tests/cluster/sets_test.cpp).
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "api/meta.h"
#include "client/api_client.h"
#include "control/pod.h"
#include "data/yaml.h"

namespace slipway::workload::testing {

// A cluster with controllers, and nodes that make pods ready by themselves.
class Stage {
 public:
  virtual ~Stage() = default;
  virtual base::Result<data::Value> call(client::Request request) = 0;
  // Waits until it holds, and lets some time pass. False: it never held.
  virtual bool comes_to_rest(const std::function<bool()>& holds) = 0;
};

class Story {
 public:
  Story(Stage& stage, std::string space) : stage_(stage), space_(std::move(space)) {}

  void create(const api::Resource& resource, std::string_view yaml) {
    data::Value object = *data::parse_yaml(yaml);
    object.set({"metadata", "namespace"}, space_);
    ok({.verb = client::Verb::Create, .resource = resource, .space = space_, .body = std::move(object)});
  }
  void patch(const api::Resource& resource, std::string name, std::string_view yaml) {
    ok({.verb = client::Verb::Patch,
        .resource = resource,
        .space = resource.namespaced ? space_ : "",
        .name = std::move(name),
        .body = *data::parse_yaml(yaml),
        .patch_type = client::PatchType::Strategic});
  }
  void erase(const api::Resource& resource, std::string name) {
    ok({.verb = client::Verb::Delete, .resource = resource, .space = space_, .name = std::move(name)});
  }
  data::Value get(const api::Resource& resource, std::string name) {
    return ok({.verb = client::Verb::Get, .resource = resource, .space = space_, .name = std::move(name)});
  }
  std::vector<data::Value> list(const api::Resource& resource) {
    const data::Value all =
        ok({.verb = client::Verb::List, .resource = resource, .space = resource.namespaced ? space_ : ""});
    const auto items = all["items"].items();
    return {items.begin(), items.end()};
  }

  // The state becomes this, and stays so.
  void expect(const std::string& expected, const std::function<std::string()>& state, const char* what) {
    std::string last;
    stage_.comes_to_rest([&] { return (last = state()) == expected; });
    EXPECT_EQ(state(), expected) << what << "; on the way: " << last;
  }

 protected:
  // "2": the number of a ControllerRevision of this name or hash.
  std::string number_of(std::string_view revision) {
    for (const data::Value& each : list(api::kControllerRevisions))
      if (api::name_of(each) == revision || api::label(each, "controller-revision-hash") == revision)
        return std::to_string(each["revision"].as_int());
    return "?";
  }

 private:
  data::Value ok(client::Request request) {
    auto answer = stage_.call(std::move(request));
    if (!answer) ADD_FAILURE() << answer.error().message;
    return answer.value_or(data::Value());
  }

  Stage& stage_;
  std::string space_;
};

class StatefulStory : public Story {
 public:
  using Story::Story;

  void play() {
    begin();
    parts();
    back();
    sizes();
    by_hand();
  }

 private:
  // "0=1 1=2 | current 1:1 update 2:1 ready 2 of 2": ordinals with the number of their version; numbers of the status.
  std::string state() {
    const data::Value set = get(api::kStatefulSets, "db");
    const data::Value& status = set["status"];
    if (status["observedGeneration"].as_int() != api::generation_of(set)) return "not seen yet";
    auto count = [&](std::string_view field) { return std::to_string(status[field].as_int()); };
    std::string text;
    for (const data::Value& pod : list(api::kPods)) {
      if (!control::is_active(pod)) continue;
      text += std::string(api::label(pod, "apps.kubernetes.io/pod-index")) + "=" +
              number_of(api::label(pod, "controller-revision-hash")) + (control::is_ready(pod) ? " " : "? ");
    }
    return text + "| current " + number_of(status["currentRevision"].as_string()) + ":" + count("currentReplicas") +
           " update " + number_of(status["updateRevision"].as_string()) + ":" + count("updatedReplicas") + " ready " +
           count("readyReplicas") + "/" + count("availableReplicas") + " of " + count("replicas");
  }
  void expect(const std::string& expected, const char* what) {
    Story::expect(expected, [this] { return state(); }, what);
  }
  void set(const std::string& spec) { patch(api::kStatefulSets, "db", "{spec: " + spec + "}"); }
  void set_image(const std::string& image) {
    set("{template: {spec: {containers: [{name: db, image: \"" + image + "\"}]}}}");
  }
  void partition(int ordinal) {
    set("{updateStrategy: {rollingUpdate: {partition: " + std::to_string(ordinal) + "}}}");
  }

  void begin() {
    create(api::kStatefulSets, R"(
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: db}
spec:
  replicas: 3
  serviceName: db
  selector: {matchLabels: {app: db}}
  template:
    metadata: {labels: {app: db}}
    spec: {terminationGracePeriodSeconds: 1, containers: [{name: db, image: "db:1"}]}
)");
    expect("0=1 1=1 2=1 | current 1:3 update 1:3 ready 3/3 of 3", "created");
  }
  void parts() {
    partition(3);
    set_image("db:2");
    expect("0=1 1=1 2=1 | current 1:3 update 2:0 ready 3/3 of 3", "a partition above all");
    partition(2);
    expect("0=1 1=1 2=2 | current 1:2 update 2:1 ready 3/3 of 3", "a partition of two");
    erase(api::kPods, "db-0");
    expect("0=1 1=1 2=2 | current 1:2 update 2:1 ready 3/3 of 3",
           "a lost pod below the partition comes back as it was");
    erase(api::kPods, "db-2");
    expect("0=1 1=1 2=2 | current 1:2 update 2:1 ready 3/3 of 3", "and above it, as it is to be");
    partition(3);
    expect("0=1 1=1 2=2 | current 1:2 update 2:1 ready 3/3 of 3", "a partition that moves up leaves alone what is new");
    erase(api::kPods, "db-2");
    expect("0=1 1=1 2=1 | current 1:3 update 2:0 ready 3/3 of 3", "until it is lost");
    partition(0);
    expect("0=2 1=2 2=2 | current 2:3 update 2:3 ready 3/3 of 3", "all of them");
  }
  void back() {
    partition(1);
    set_image("db:1");
    expect("0=2 1=3 2=3 | current 2:1 update 3:2 ready 3/3 of 3", "the first version is the newest again");
    partition(0);
    expect("0=3 1=3 2=3 | current 3:3 update 3:3 ready 3/3 of 3", "back");
  }
  void sizes() {
    set("{replicas: 5}");
    expect("0=3 1=3 2=3 3=3 4=3 | current 3:5 update 3:5 ready 5/5 of 5", "grown");
    partition(4);
    set_image("db:4");
    expect("0=3 1=3 2=3 3=3 4=4 | current 3:4 update 4:1 ready 5/5 of 5", "the highest one");
    set("{replicas: 2}");
    expect("0=3 1=3 | current 3:2 update 4:0 ready 2/2 of 2", "shrunk below the partition");
    partition(0);
    expect("0=4 1=4 | current 4:2 update 4:2 ready 2/2 of 2", "all of them");
    set("{ordinals: {start: 1}}");
    expect("1=4 2=4 | current 4:2 update 4:2 ready 2/2 of 2", "the first ordinal moves");
    set("{ordinals: {start: 0}}");
    expect("0=4 1=4 | current 4:2 update 4:2 ready 2/2 of 2", "and back");
  }
  void by_hand() {
    set("{updateStrategy: {type: OnDelete, rollingUpdate: null}}");
    set_image("db:5");
    expect("0=4 1=4 | current 4:2 update 5:0 ready 2/2 of 2", "nobody has deleted anything");
    erase(api::kPods, "db-0");
    expect("0=5 1=4 | current 4:1 update 5:1 ready 2/2 of 2", "deleted by hand");
    erase(api::kPods, "db-1");
    expect("0=5 1=5 | current 4:0 update 5:2 ready 2/2 of 2", "all, and it is not complete for that");
    set("{updateStrategy: {type: RollingUpdate, rollingUpdate: {partition: 0}}}");
    expect("0=5 1=5 | current 5:2 update 5:2 ready 2/2 of 2", "a rolling update that has nothing to do completes");
  }
};

// `nodes`: two that carry the label pool=`pool`.
class DaemonStory : public Story {
 public:
  DaemonStory(Stage& stage, const std::string& space, std::vector<std::string> nodes, std::string pool)
      : Story(stage, space), nodes_(std::move(nodes)), pool_(std::move(pool)) {}

  void play() {
    begin();
    by_hand();
    nodes();
    back();
  }

 private:
  // "a=1 b=2 | wanted 2 current 2 wrong 0 ready 2 available 2 unavailable 0 updated 1"
  std::string state() {
    const data::Value set = get(api::kDaemonSets, "agent");
    const data::Value& status = set["status"];
    if (status["observedGeneration"].as_int() != api::generation_of(set)) return "not seen yet";
    std::set<std::string> pods;
    for (const data::Value& pod : list(api::kPods)) {
      if (!control::is_active(pod)) continue;
      const bool first = control::node_of(pod) == nodes_[0];
      pods.insert(std::string(first                                ? "a="
                              : control::node_of(pod) == nodes_[1] ? "b="
                                                                   : "?=") +
                  number_of(api::label(pod, "controller-revision-hash")) + (control::is_ready(pod) ? " " : "? "));
    }
    std::string text;
    for (const std::string& pod : pods) text += pod;
    text += "|";
    for (const auto& [word, field] : {std::pair{"wanted", "desiredNumberScheduled"},
                                      {"current", "currentNumberScheduled"},
                                      {"wrong", "numberMisscheduled"},
                                      {"ready", "numberReady"},
                                      {"available", "numberAvailable"},
                                      {"unavailable", "numberUnavailable"},
                                      {"updated", "updatedNumberScheduled"}})
      text += std::string(" ") + word + " " + std::to_string(status[field].as_int());
    return text;
  }
  void expect(const std::string& expected, const char* what) {
    Story::expect(expected, [this] { return state(); }, what);
  }
  void set(const std::string& spec) { patch(api::kDaemonSets, "agent", "{spec: " + spec + "}"); }
  void set_image(const std::string& image) {
    set("{template: {spec: {containers: [{name: agent, image: \"" + image + "\"}]}}}");
  }
  void lose(const std::string& node) {
    for (const data::Value& pod : list(api::kPods))
      if (control::node_of(pod) == node) erase(api::kPods, std::string(api::name_of(pod)));
  }

  void begin() {
    create(api::kDaemonSets, R"(
apiVersion: apps/v1
kind: DaemonSet
metadata: {name: agent}
spec:
  selector: {matchLabels: {app: agent}}
  template:
    metadata: {labels: {app: agent}}
    spec:
      terminationGracePeriodSeconds: 1
      nodeSelector: {pool: )" + pool_ +
                                 R"(}
      containers: [{name: agent, image: "agent:1"}]
)");
    expect("a=1 b=1 | wanted 2 current 2 wrong 0 ready 2 available 2 unavailable 0 updated 2", "created");
    set_image("agent:2");
    expect("a=2 b=2 | wanted 2 current 2 wrong 0 ready 2 available 2 unavailable 0 updated 2", "rolled");
  }
  void by_hand() {
    set("{updateStrategy: {type: OnDelete, rollingUpdate: null}}");
    set_image("agent:3");
    expect("a=2 b=2 | wanted 2 current 2 wrong 0 ready 2 available 2 unavailable 0 updated 0",
           "nobody has deleted any");
    lose(nodes_[1]);
    expect("a=2 b=3 | wanted 2 current 2 wrong 0 ready 2 available 2 unavailable 0 updated 1", "deleted by hand");
    set("{updateStrategy: {type: RollingUpdate, rollingUpdate: {maxSurge: 1, maxUnavailable: 0}}}");
    expect("a=3 b=3 | wanted 2 current 2 wrong 0 ready 2 available 2 unavailable 0 updated 2",
           "the rest, with a surge");
  }
  void nodes() {
    patch(api::kNodes, nodes_[0], "{spec: {taints: [{key: mine, effect: NoSchedule}]}}");
    // The original controllers look again only when something else happens.
    patch(api::kDaemonSets, "agent", "{metadata: {annotations: {touched: \"1\"}}}");
    expect("a=3 b=3 | wanted 1 current 1 wrong 1 ready 1 available 1 unavailable 0 updated 1", "tainted: it may stay");
    patch(api::kNodes, nodes_[0], "{spec: {taints: [{key: mine, effect: NoExecute}]}}");
    expect("b=3 | wanted 1 current 1 wrong 0 ready 1 available 1 unavailable 0 updated 1", "it may not stay");
    patch(api::kNodes, nodes_[0], "{spec: {taints: null}}");
    expect("a=3 b=3 | wanted 2 current 2 wrong 0 ready 2 available 2 unavailable 0 updated 2", "as before");
    patch(api::kNodes, nodes_[1], "{metadata: {labels: {pool: other}}}");
    expect("a=3 | wanted 1 current 1 wrong 0 ready 1 available 1 unavailable 0 updated 1", "of another pool");
    patch(api::kNodes, nodes_[1], "{metadata: {labels: {pool: " + pool_ + "}}}");
    expect("a=3 b=3 | wanted 2 current 2 wrong 0 ready 2 available 2 unavailable 0 updated 2", "and back");
  }
  void back() {
    set_image("agent:1");
    expect("a=4 b=4 | wanted 2 current 2 wrong 0 ready 2 available 2 unavailable 0 updated 2",
           "the first version is the newest again");
  }

  std::vector<std::string> nodes_;
  std::string pool_;
};

}  // namespace slipway::workload::testing
