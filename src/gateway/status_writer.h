// Writes statuses: one request per object at a time, and none when nothing would change. A failure is noticed by the
// next call, since the status still differs. Lives on the control loop.
#pragma once

#include <memory>
#include <set>
#include <string>
#include <tuple>

#include "client/api_client.h"

namespace slipway::gateway {

class StatusWriter {
 public:
  explicit StatusWriter(client::ApiClient& api) : api_(api) {}
  ~StatusWriter() { alive_.reset(); }
  StatusWriter(const StatusWriter&) = delete;

  // Brings status.`field` of `object` to `wanted`; an empty field: the whole status.
  void write(const client::Resource& resource, const data::Value& object, std::string_view field, data::Value wanted);

 private:
  using Key = std::tuple<std::string, std::string, std::string>;  // kind, namespace, name
  client::ApiClient& api_;
  std::set<Key> writing_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace slipway::gateway
