"""A program that is to a service what the Studio is: asks for something long and waits to be killed."""

from __future__ import annotations

import sys
import time

from lpsnet.structures import InspectionSettings
from lpsnet_studio.inference.messages import ImageSource, Inspect, ListDataset, LoadModel, OpenImage
from tests.studio.inference.conversation import Conversation, test_service


def main(service: str, picture: str, overrides: list[str]) -> None:
    conversation = Conversation(test_service(service))
    conversation.supervisor.start()
    print(conversation.wait_for_service(), flush=True)  # noqa: T201
    if service == "scripted_service":
        conversation.post(ListDataset, "keep waiting")
    else:
        conversation.must(LoadModel, "coco_r50", overrides=tuple(overrides))
        conversation.must(OpenImage, "photo", ImageSource(picture))
        conversation.post(Inspect, "photo", InspectionSettings())
        conversation.wait_until(lambda: conversation.progress)
    print("asked", flush=True)  # noqa: T201
    time.sleep(600)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], sys.argv[3:])
