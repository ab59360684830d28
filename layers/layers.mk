# How `sam build` makes the two layers (Metadata.BuildMethod: makefile).
#
# SAM tells a Makefile neither the runtime nor the architecture that the template's parameters chose. It does resolve parameters
# in Metadata.ContextPath, which says where the Makefile is. So there is a folder for each choice,
# layers/targets/<runtime>-<architecture>/, whose Makefile only includes this one; the folder's name is the choice.
#
# SAM runs this in a copy of the layer's ContentUri and wants the result in $(ARTIFACTS_DIR).

target := $(notdir $(patsubst %/,%,$(dir $(abspath $(firstword $(MAKEFILE_LIST))))))
build := $(dir $(abspath $(lastword $(MAKEFILE_LIST))))build_layer.py
WHENFLOW_BUILD_PYTHON ?= python3

.PHONY: build-DependenciesLayer build-WhenflowLayer

build-DependenciesLayer:
	@"$(WHENFLOW_BUILD_PYTHON)" "$(build)" --target $(target) --out "$(ARTIFACTS_DIR)/python" --requirements requirements.txt

build-WhenflowLayer:
	@"$(WHENFLOW_BUILD_PYTHON)" "$(build)" --target $(target) --out "$(ARTIFACTS_DIR)/python" --package whenflow
