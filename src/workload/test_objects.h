// The objects of one workload in tests of its decisions: carries effects out at once, as an API server would.
#pragma once

#include <gtest/gtest.h>

#include <map>
#include <string>

#include "api/meta.h"
#include "api/resource.h"
#include "control/decision.h"
#include "data/patch.h"

namespace slipway::workload::testing {

class Objects {
 public:
  std::map<std::string, data::Value> pods, revisions, claims;  // by name
  base::Time now = *base::parse_time("2026-11-23T12:00:00Z");
  int created = 0, deleted = 0;  // pods, by the decisions

 protected:
  void carry_out(const control::Effect& effect) {
    if (const auto* create = std::get_if<control::Create>(&effect)) return add(*create);
    if (const auto* gone = std::get_if<control::Delete>(&effect)) return remove(*gone);
    if (const auto* patch = std::get_if<control::Patch>(&effect)) {
      data::Value& object = of(patch->resource).at(patch->name);
      object = data::apply_merge_patch(object, patch->body);
    }
  }

 private:
  void add(const control::Create& create) {
    const std::string name(api::name_of(create.object));
    EXPECT_FALSE(of(create.resource).contains(name)) << name << " is there already";
    data::Value object = create.object;
    object.set({"metadata", "uid"}, name + "#" + std::to_string(++uids_));
    object.set({"metadata", "creationTimestamp"}, base::format_time(now));
    if (create.resource == api::kPods) {
      ++created;
      object.set({"status", "phase"}, "Pending");
    }
    of(create.resource)[name] = std::move(object);
  }
  void remove(const control::Delete& gone) {
    if (gone.resource != api::kPods) return void(revisions.erase(gone.name));
    ++deleted;
    data::Value& pod = pods.at(gone.name);
    EXPECT_EQ(api::uid_of(pod), gone.uid);
    EXPECT_FALSE(api::is_deleting(pod)) << gone.name << " is deleted twice";
    pod.set({"metadata", "deletionTimestamp"}, base::format_time(now));
  }
  std::map<std::string, data::Value>& of(const api::Resource& resource) {
    return resource == api::kPods ? pods : resource == api::kPersistentVolumeClaims ? claims : revisions;
  }
  int uids_ = 0;
};

// Another image in the template, as a user's write of the spec.
inline void set_image(data::Value& set, std::string_view image) {
  set.member("spec").member("template").member("spec").member("containers").element(0).set("image", image);
  set.set({"metadata", "generation"}, api::generation_of(set) + 1);
}

}  // namespace slipway::workload::testing
