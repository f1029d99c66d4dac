// Which pods control processes have taken away, and not users: by what they have asked for.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "rehearse/checker.h"

namespace slipway::rehearse {

class OwnDeletions {
 public:
  void sent(const Truth& truth, const client::Request& request) {
    if (request.verb == client::Verb::Delete && request.resource == api::kPods)
      asked_[std::string(api::uid_of(truth.find(api::kPods, request.space, request.name)))] = truth.now;
  }
  // Of a pod that is being deleted from now on. What was asked for long ago was lost, and this is somebody else's.
  bool took(const Truth& truth, const data::Value& pod) const {
    constexpr base::Duration kLongestRequest = base::seconds(10);
    const auto asked = asked_.find(std::string(api::uid_of(pod)));
    return asked != asked_.end() && truth.now - asked->second <= kLongestRequest;
  }

  // When it was asked for the last time.
  std::optional<base::Time> asked_at(const data::Value& pod) const {
    const auto asked = asked_.find(std::string(api::uid_of(pod)));
    return asked == asked_.end() ? std::nullopt : std::optional(asked->second);
  }

 private:
  std::map<std::string, base::Time> asked_;  // last, by uid
};

}  // namespace slipway::rehearse
