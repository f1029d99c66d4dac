#include "delivery/notify/cloud_event.h"

#include <fmt/format.h>

#include "api/meta.h"
#include "delivery/notify/happenings.h"

namespace slipway::delivery::notify {

using data::Value;

Value cloud_event(const Value& release, const Value& event) {
  const auto space = api::space_of(release), name = api::name_of(release), uid = api::uid_of(release);
  const std::int64_t number = event["number"].as_int(), revision = event["data"]["candidate"]["revision"].as_int();
  Value data = event["data"];
  data.set("schema", kSchema);
  data.set("event", event["type"]);
  data.set("namespace", space);
  data.set("name", name);
  data.set("uid", uid);
  return Value::object({{"specversion", "1.0"},
                        {"id", fmt::format("{}-{}", uid, number)},
                        {"source", fmt::format("/apis/slipway.dev/v1alpha1/namespaces/{}/releases/{}", space, name)},
                        {"type", type_of(event["type"].as_string())},
                        {"subject", revision > 0 ? fmt::format("revision/{}", revision) : std::string(name)},
                        {"time", event["time"]},
                        {"sequence", fmt::format("{:010}", number)},
                        {"datacontenttype", "application/json"},
                        {"data", std::move(data)}});
}

}  // namespace slipway::delivery::notify
