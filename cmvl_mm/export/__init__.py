"""A trained network -> ONNX, torch.export, or a folder of the Hugging Face Hub."""
