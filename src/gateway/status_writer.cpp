#include "gateway/status_writer.h"

#include "api/meta.h"

namespace slipway::gateway {

using data::Value;

void StatusWriter::write(const client::Resource& resource, const Value& object, std::string_view field, Value wanted) {
  const Value& now = field.empty() ? object["status"] : object["status"][field];
  Key key{resource.kind, api::space_of(object), api::name_of(object)};
  if (object.is_null() || wanted == now || writing_.contains(key)) return;
  writing_.insert(key);
  client::Request request{.verb = client::Verb::Patch,
                          .resource = resource,
                          .space = std::get<1>(key),
                          .name = std::get<2>(key),
                          .subresource = "status",
                          .field_manager = "slipway-gateway"};
  request.body = Value::object(
      {{"metadata", Value::object({{"uid", std::string(api::uid_of(object))}})},
       {"status", field.empty() ? std::move(wanted) : Value::object({{std::string(field), std::move(wanted)}})}});
  api_.call(std::move(request), [this, key, alive = std::weak_ptr(alive_)](client::Answer) {
    if (!alive.expired()) writing_.erase(key);
  });
}

}  // namespace slipway::gateway
