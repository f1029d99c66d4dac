// What was decided about each object, and why: what the log of a control process is made of.
//
// A ring per object, kept in memory; equal decisions in a row are one record with a count. A sink is given each
// new record. Add it to the Runner as an observer. Control loop only.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "control/runner.h"

namespace slipway::control {

struct DecisionRecord {
  std::uint64_t number = 0;  // grows over all objects
  base::Time first;
  base::Time last;
  std::int64_t repeats = 1;
  std::string controller;
  ObjectName object;
  std::vector<Reason> reasons;
  std::vector<std::string> effects;  // as `describe` says them
  std::vector<Note> notes;
  std::string outcome;  // "done", "refused: ...", or the error that stopped it
};

// The record as JSON:
// {"number","first","last","repeats","controller","namespace","name","reasons":[{rule,text,inputs,parts}],
// "effects","outcome"}.
data::Value to_value(const DecisionRecord& record);

class DecisionLog : public RunnerObserver {
 public:
  static constexpr std::size_t kPerObject = 64;    // unless said otherwise
  static constexpr std::size_t kObjects = 20'000;  // the objects that were quiet for longest are dropped

  explicit DecisionLog(std::size_t per_object = kPerObject) : per_object_(per_object) {}

  using Sink = std::function<void(const DecisionRecord&)>;
  void set_sink(Sink sink) { sink_ = std::move(sink); }

  std::vector<DecisionRecord> of(std::string_view controller, const ObjectName& name) const;  // oldest first

  void refused(const Controller&, const ObjectName&, const Violation&) override;
  void finished(const Controller&, const ObjectName&, base::Time, const Decision&, const base::Error*) override;

 private:
  using Place = std::pair<std::string, ObjectName>;
  void add(DecisionRecord record);

  std::map<Place, std::deque<DecisionRecord>> records_;
  const std::size_t per_object_;
  std::uint64_t numbers_ = 0;
  std::string refusal_;  // of the decision that is about to finish
  Sink sink_;
};

}  // namespace slipway::control
