#include "delivery/notify/state.h"

#include "delivery/status_parts.h"

namespace slipway::delivery::notify {
namespace {

using data::Value;
using namespace status_parts;

Value write(const Position& p) {
  Value out = Value::object({{"release", p.release}, {"uid", p.uid}, {"event", p.event}});
  put(out, "at", p.at);
  return out;
}
Position read_position(const Value& v) {
  return {v["release"].str(), v["uid"].str(), v["event"].as_int(), read_time(v["at"])};
}

Value write(const Failing& f) {
  Value out = Value::object({{"attempts", f.attempts}});
  put(out, "since", f.since);
  put(out, "next", f.next);
  put(out, "reason", f.reason);
  put(out, "refused", f.refused);
  put_number(out, "refusals", f.refusals);
  return out;
}
Failing read_failing(const Value& v) {
  return {v["attempts"].as_int(), read_time(v["since"]), read_time(v["next"]),
          v["reason"].str(),      v["refused"].str(),    v["refusals"].as_int()};
}

}  // namespace

State read_state(const Value& v) {
  State s;
  s.observed_generation = v["observedGeneration"].as_int();
  s.since = read_time(v["since"]);
  for (const Value& p : v["positions"].items()) s.positions.push_back(read_position(p));
  s.dropped = read_time(v["dropped"]);
  s.waiting = v["waiting"].as_int();
  s.delivered = v["delivered"].as_int();
  s.given_up = v["givenUp"].as_int();
  s.missed = v["missed"].as_int();
  s.last_delivery = v["lastDelivery"];
  s.last_given_up = v["lastGivenUp"];
  if (v["failing"].is_object()) s.failing = read_failing(v["failing"]);
  s.conditions = v["conditions"];
  return s;
}

Value write_state(const State& s) {
  Value out = Value::object();
  put_number(out, "observedGeneration", s.observed_generation);
  put(out, "since", s.since);
  Value positions = Value::array();
  for (const Position& p : s.positions) positions.push_back(write(p));
  put_if(out, "positions", positions);
  put(out, "dropped", s.dropped);
  put_number(out, "waiting", s.waiting);
  put_number(out, "delivered", s.delivered);
  put_number(out, "givenUp", s.given_up);
  put_number(out, "missed", s.missed);
  put_if(out, "lastDelivery", s.last_delivery);
  put_if(out, "lastGivenUp", s.last_given_up);
  if (s.failing) out.set("failing", write(*s.failing));
  put_if(out, "conditions", s.conditions);
  return out;
}

}  // namespace slipway::delivery::notify
