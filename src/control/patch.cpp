#include "control/patch.h"

#include <string>
#include <utility>

#include "api/meta.h"

namespace slipway::control {

Patch patch_of(const api::Resource& resource, const data::Value& object, data::Value body) {
  return {.resource = resource,
          .space = std::string(api::space_of(object)),
          .name = std::string(api::name_of(object)),
          .uid = std::string(api::uid_of(object)),
          .version = std::string(api::version_of(object)),
          .body = std::move(body)};
}

Delete delete_of(const api::Resource& resource, const data::Value& object) {
  return {.resource = resource,
          .space = std::string(api::space_of(object)),
          .name = std::string(api::name_of(object)),
          .uid = std::string(api::uid_of(object))};
}

}  // namespace slipway::control
