#include "rehearse/controllers.h"

#include "apiserver/bootstrap.h"
#include "apiserver/local_client.h"

namespace slipway::rehearse {

apiserver::Identity controller_identity() { return apiserver::part_identity(apiserver::kControllerUser); }

void add_controllers(control::Runner&) {}

}  // namespace slipway::rehearse
