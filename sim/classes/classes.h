/* classes.h - what the files of this folder share: one NULL-ended list of classes each, common references, and the few
 * values that one file needs from another. A file is an area: power, boot, identity, hardware, network, security, ...
 */
#ifndef SIM_CLASSES_H
#define SIM_CLASSES_H

#include "class.h"

#define EPR_MANAGED_SYSTEM "CIM_ComputerSystem?CreationClassName=CIM_ComputerSystem&Name=ManagedSystem"
#define EPR_CHASSIS        "CIM_Chassis?CreationClassName=CIM_Chassis&Tag=CIM_Chassis"

extern const struct class *const classes_power[];

unsigned power_scheme_active(const struct get *g); /* instance of AMT_SystemPowerScheme */

#endif
